#include "braid/study/run.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "braid/checkpoint/atomic_file.h"
#include "braid/checkpoint/interrupt.h"
#include "braid/error.h"
#include "braid/json/json_text.h"
#include "braid/study/results.h"
#include "braid/version.h"

namespace braid {
namespace {

class Runner {
 public:
  Runner(const Plan& plan, const Cache& cache, const RunOptions& options, const JobLog& log,
         const Progress& progress)
      : plan_(plan), cache_(cache), options_(options), log_(log), progress_(progress) {
    const std::vector<std::size_t> pending = plan.pending();
    waiting_ = {pending.begin(), pending.end()};
    unfinished_ = waiting_;
    pending_ = pending.size();
    for (const std::size_t i : pending) cost_ += plan.jobs[i].cost;
  }

  void run() {
    {
      std::vector<std::jthread> workers;
      for (int i = 0; i < jobs(); ++i) workers.emplace_back([this] { work(); });
    }
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  bool ready(std::size_t i) const {
    const auto& needs = plan_.jobs[i].needs;
    return std::none_of(needs.begin(), needs.end(),
                        [&](std::size_t need) { return unfinished_.contains(need); });
  }

  // The next job whose needs are met, waiting for one; nullopt at the end of the run.
  std::optional<std::size_t> take(std::unique_lock<std::mutex>& lock) {
    while (!failure_ && !waiting_.empty()) {
      for (const std::size_t i : waiting_) {
        if (!ready(i)) continue;
        waiting_.erase(i);
        ++running_;
        return i;
      }
      changed_.wait(lock);
    }
    return std::nullopt;
  }

  // Parallel jobs: at most one per thread.
  int jobs() const { return std::clamp(options_.jobs, 1, std::max(1, options_.threads)); }

  // Threads of a job that starts now: its share among the jobs that can run in parallel.
  int threads() const {
    int parallel = running_;
    for (const std::size_t i : waiting_) parallel += ready(i);
    return std::max(1, options_.threads / std::min(parallel, jobs()));
  }

  void work() {
    std::unique_lock lock(mutex_);
    while (const std::optional<std::size_t> i = take(lock)) {
      const Job& job = plan_.jobs[*i];
      const JobContext context{threads(), [this, &job](double part) { tell(job, part); }};
      lock.unlock();
      double seconds = 0;
      const std::exception_ptr failure = failure_of(job, [&] {
        const auto start = std::chrono::steady_clock::now();
        job.run(context);
        seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        cache_.record(job.key, job.kind, job.label, seconds);
        tell(job, 1);
      });
      lock.lock();
      --running_;
      if (failure) {
        stop(failure);
      } else if (const auto late = failure_of(job, [&] { finish(*i, seconds); })) {
        stop(late);
      }
      changed_.notify_all();
    }
  }

  // The exception of a step, if any; one that left a thread would end the process.
  static std::exception_ptr failure_of(const Job& job, const std::function<void()>& step) {
    try {
      step();
    } catch (const Error& error) {
      return std::make_exception_ptr(Error(job.kind + " " + job.label + ": " + error.what()));
    } catch (...) {
      return std::current_exception();
    }
    return nullptr;
  }

  void stop(const std::exception_ptr& failure) {
    if (!failure_) failure_ = failure;
  }

  // The job counts as done even if logging fails.
  void finish(std::size_t i, double seconds) {
    unfinished_.erase(i);
    ++done_;
    if (!options_.keep_moments) drop_moments();
    if (log_) log_(plan_.jobs[i], done_, pending_, seconds);
  }

  // Removes moments that no unfinished job needs.
  void drop_moments() {
    for (std::size_t i = 0; i < plan_.jobs.size(); ++i) {
      if (plan_.jobs[i].kind != "moments" || unfinished_.contains(i) || !plan_.jobs[i].drop)
        continue;
      const bool needed = std::any_of(unfinished_.begin(), unfinished_.end(), [&](std::size_t j) {
        const auto& needs = plan_.jobs[j].needs;
        return std::find(needs.begin(), needs.end(), i) != needs.end();
      });
      if (!needed) plan_.jobs[i].drop();
    }
  }

  void tell(const Job& job, double part) {
    throw_if_interrupted();  // another job may be saving its state
    const std::lock_guard lock(progress_mutex_);
    double& before = parts_[&job];
    done_cost_ += (part - before) * job.cost;
    before = part;
    if (progress_) {
      progress_("study", static_cast<std::int64_t>(done_cost_ / 1000),
                static_cast<std::int64_t>(cost_ / 1000) + 1);
    }
  }

  const Plan& plan_;
  const Cache& cache_;
  const RunOptions& options_;
  const JobLog& log_;
  const Progress& progress_;
  std::mutex mutex_, progress_mutex_;
  std::condition_variable changed_;
  std::set<std::size_t> waiting_, unfinished_;  // not started; not finished
  std::map<const Job*, double> parts_;
  int running_ = 0;
  std::size_t done_ = 0, pending_ = 0;
  double cost_ = 0, done_cost_ = 0;
  std::exception_ptr failure_;
};

}  // namespace

nlohmann::json run_study(const Study& study, const StudyFolders& folders, const RunOptions& options,
                         const JobLog& log, const Progress& progress) {
  const Cache cache(folders.cache_folder());
  const Plan plan = make_plan(study, cache);
  std::filesystem::create_directories(folders.out);
  run_plan(plan, cache, options, log, progress);
  const nlohmann::json results = study_results(study, plan, cache, version);
  write_file_atomically(folders.out / "seconds.json", to_text(cache.records(), 1) + "\n");
  write_file_atomically(folders.out / "results.json", to_text(results, 1) + "\n");
  return results;
}

void run_plan(const Plan& plan, const Cache& cache, const RunOptions& options, const JobLog& log,
              const Progress& progress) {
  Runner(plan, cache, options, log, progress).run();
}

}  // namespace braid
