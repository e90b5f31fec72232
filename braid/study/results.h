// results: what a study found, as one JSON document that depends on nothing but the study and its
// inputs: no times, no paths but those that the study file gives.
#pragma once

#include "braid/study/plan.h"

namespace braid {

// {"study", "title", "models", "pairs", "tasks", "variants", "sizes", "curves": [one a pair, task,
// variant and size], "alignments": [one an aligned curve], "summary": [one a task, variant and
// size: mean and standard error over pairs], "version"}. REQUIRES every job of the plan done.
nlohmann::json study_results(const Study& study, const Plan& plan, const Cache& cache,
                             const std::string& version);

}  // namespace braid
