// parallel_for: runs independent tasks on several threads. Every task writes only its own slot, and
// libtorch uses one thread per task, so results do not depend on the number of threads.
#pragma once

#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace braid {

// Restricts libtorch to one thread during its lifetime, for calls from the current thread: sums
// over libtorch's own threads depend on their number. Restores the previous number.
class OneThread {
 public:
  OneThread() : before_(enter()) { at::set_num_threads(1); }
  ~OneThread() {
    const std::lock_guard lock(mutex());
    --alive();
    at::set_num_threads(before_);
  }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  // The number to restore on this thread. A thread new to libtorch starts with the number that any
  // thread set last, which may be another OneThread's 1.
  static int enter() {
    static thread_local bool is_known = false;
    static int of_process = 1;
    const std::lock_guard lock(mutex());
    int found = at::get_num_threads();
    if (alive()++ == 0) {
      of_process = found;
    } else if (!is_known && found == 1) {
      found = of_process;
    }
    is_known = true;
    return found;
  }
  static std::mutex& mutex() {
    static std::mutex instance;
    return instance;
  }
  static int& alive() {
    static int count = 0;
    return count;
  }

  int before_;
};

// The first exception stops further tasks and is rethrown.
inline void parallel_for(std::int64_t tasks, int threads,
                         const std::function<void(std::int64_t)>& task) {
  const OneThread here;
  std::atomic<std::int64_t> next{0};
  std::exception_ptr failure;
  std::mutex failure_mutex;
  const auto work = [&] {
    for (std::int64_t i = next++; i < tasks; i = next++) {
      try {
        task(i);
      } catch (...) {
        const std::lock_guard lock(failure_mutex);
        if (!failure) failure = std::current_exception();
        next = tasks;
      }
    }
  };
  const std::int64_t workers = std::min<std::int64_t>(std::max(threads, 1), tasks);
  {
    std::vector<std::jthread> pool;
    for (std::int64_t i = 1; i < workers; ++i) {
      pool.emplace_back([&work] {
        const OneThread there;
        work();
      });
    }
    work();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace braid
