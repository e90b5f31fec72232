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

// The first failure stops the run: running jobs finish, then it is thrown, the job's label in
// front. `progress` counts thousands of tokens, by the jobs' costs.
void run_plan(const Plan& plan, const Cache& cache, const RunOptions& options, const JobLog& log,
              const Progress& progress);

}  // namespace braid
