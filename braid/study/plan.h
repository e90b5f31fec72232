// Plan: the jobs of a study, in dependency order.
#pragma once

#include <functional>

#include "braid/study/cache.h"
#include "braid/study/study.h"
#include "braid/study/work.h"

namespace braid {

struct Job {
  std::string kind, label, key;
  std::vector<std::size_t> needs;  // jobs before it
  double cost = 1;                 // estimate, in tokens through one model
  bool is_result = false;          // part of the results, not only an intermediate
  std::function<bool()> done;
  std::function<void(const JobContext&)> run;
  std::function<void()> drop = {};  // removes the output; empty if it must be kept
};

// One curve of the study.
struct PlannedCurve {
  std::size_t pair = 0, task = 0, variant = 0;
  std::int64_t size = 0;
  std::string key, alignment_key;  // in the cache; alignment_key empty for the plain average
};

struct Plan {
  std::vector<Job> jobs;
  std::vector<PlannedCurve> curves;
  std::vector<std::string> model_keys;  // of the study's models
  // The jobs that must run, in order: missing results and what they depend on.
  std::vector<std::size_t> pending() const;
};

// Reads the study's input files and computes nothing. Throws, naming the file, if one is missing.
// The study and the cache must outlive the plan.
Plan make_plan(const Study& study, const Cache& cache);

}  // namespace braid
