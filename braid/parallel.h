// parallel_for: independent tasks over a number of threads. Every task writes only its own slot, so
// results never depend on the number of threads; libtorch itself is kept at one thread per task.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace braid {

// The first exception stops further tasks and is rethrown here.
inline void parallel_for(std::int64_t tasks, int threads,
                         const std::function<void(std::int64_t)>& task) {
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
    for (std::int64_t i = 1; i < workers; ++i) pool.emplace_back(work);
    work();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace braid
