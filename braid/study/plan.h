// Plan: the jobs that a study needs, each after those it depends on.
#pragma once

#include <functional>

#include "braid/study/cache.h"
#include "braid/study/study.h"
#include "braid/study/work.h"

namespace braid {

struct Job {
  std::string kind, label, key;
  std::vector<std::size_t> needs;  // jobs before it
  double cost = 1;                 // about, in tokens through one model
  bool is_result = false;          // wanted for itself, not only for what depends on it
  std::function<bool()> done;
  std::function<void(const JobContext&)> run;
  std::function<void()> drop = {};  // removes the result; only of jobs whose result may go
};

// Where one curve of the study comes from.
struct PlannedCurve {
  std::size_t pair = 0, task = 0, variant = 0;
  std::int64_t size = 0;
  std::string key, alignment_key;  // in the cache; no alignment for the plain average
};

struct Plan {
  std::vector<Job> jobs;
  std::vector<PlannedCurve> curves;
  std::vector<std::string> model_keys;  // of the study's models
  // The jobs whose result is missing and wanted, in order.
  std::vector<std::size_t> pending() const;
};

// Reads the study's input files (Error naming one that is missing), computes nothing.
// The study and the cache must outlive the plan.
Plan make_plan(const Study& study, const Cache& cache);

}  // namespace braid
