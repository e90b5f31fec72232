// run: runs a plan's jobs in parallel, each as soon as its dependencies are done. Results go to the
// cache, so the run after a kill resumes from there.
#pragma once

#include "braid/progress.h"
#include "braid/study/plan.h"

namespace braid {

struct RunOptions {
  int threads = 1;
  int jobs = 2;              // at a time
  bool keep_moments = true;  // false: removed once every alignment from them is written
};

// Called after each job: the job, how many of the pending ones are done, and its seconds.
using JobLog =
    std::function<void(const Job&, std::size_t done, std::size_t pending, double seconds)>;

// Folders of a study's results and cache.
struct StudyFolders {
  std::filesystem::path out, cache;  // cache empty: out/cache
  std::filesystem::path cache_folder() const { return cache.empty() ? out / "cache" : cache; }
};

// Runs the pending jobs of the study's plan and writes out/results.json and out/seconds.json; only
// the latter holds times. Returns the results.
nlohmann::json run_study(const Study& study, const StudyFolders& folders, const RunOptions& options,
                         const JobLog& log, const Progress& progress = {});

// The first failure stops the run: running jobs finish, then it is rethrown with the job's label in
// front. `progress` counts thousands of tokens, by the jobs' costs.
void run_plan(const Plan& plan, const Cache& cache, const RunOptions& options, const JobLog& log,
              const Progress& progress);

}  // namespace braid
