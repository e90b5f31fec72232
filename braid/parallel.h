// parallel_for: independent tasks over a number of threads. Every task writes only its own slot and
// libtorch itself is kept at one thread per task, so results never depend on the number of threads.
#pragma once

#include <ATen/Parallel.h>
#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace braid {

// While one lives, what its thread gives libtorch runs on that thread alone: sums of libtorch's own
// threads depend on how many there are. The last one to go gives the process its number back.
class OneThread {
 public:
  OneThread() {
    const std::lock_guard lock(mutex());
    const int found = at::get_num_threads();  // also settles what this thread starts with
    if (alive()++ == 0) before() = found;
    at::set_num_threads(1);
    keep_pages();
  }
  ~OneThread() {
    const std::lock_guard lock(mutex());
    if (--alive() == 0) at::set_num_threads(before());
  }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  static std::mutex& mutex() {
    static std::mutex instance;
    return instance;
  }
  static int& alive() {
    static int count = 0;
    return count;
  }
  static int& before() {
    static int threads = 1;
    return threads;
  }
  // Tensors come and go by the megabyte: keep their pages instead of asking the system each time
  // (32 MB is glibc's limit), in one arena for all threads, and take large ones as huge pages.
  static void keep_pages() {
    static const bool once = [] {
      mallopt(M_MMAP_THRESHOLD, 32 << 20);
      mallopt(M_TRIM_THRESHOLD, 1 << 30);
      mallopt(M_ARENA_MAX, 1);
      setenv("THP_MEM_ALLOC_ENABLE", "1", 0);
      return true;
    }();
    static_cast<void>(once);
  }
};

// The first exception stops further tasks and is rethrown here.
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
