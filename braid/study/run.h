// run: works off a plan, several jobs at a time, each as soon as what it needs is there. Results
// are in the cache; killed at any moment, the next run goes on from there.
#pragma once

#include "braid/progress.h"
#include "braid/study/plan.h"

namespace braid {

struct RunOptions {
  int threads = 1;
  int jobs = 2;              // at a time
  bool keep_moments = true;  // false: removed once every alignment from them is there
};

// Tells of a finished job: what, how many are done of all pending ones, its seconds.
using JobLog =
    std::function<void(const Job&, std::size_t done, std::size_t pending, double seconds)>;

// Where a study's results go, and by what they are computed.
struct StudyFolders {
  std::filesystem::path out, cache;  // cache empty: out/cache
  std::filesystem::path cache_folder() const { return cache.empty() ? out / "cache" : cache; }
};

// Runs what is missing of the study's plan and writes out/results.json, and out/seconds.json beside
// it, which results do not depend on. Gives the results.
nlohmann::json run_study(const Study& study, const StudyFolders& folders, const RunOptions& options,
                         const JobLog& log, const Progress& progress = {});

// The first failure stops the run: running jobs finish, then it is thrown, the job's label in
// front. `progress` counts thousands of tokens, by the jobs' costs.
void run_plan(const Plan& plan, const Cache& cache, const RunOptions& options, const JobLog& log,
              const Progress& progress);

}  // namespace braid
