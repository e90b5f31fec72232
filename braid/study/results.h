// results: a study's results as one JSON document that depends only on the study and its inputs: no
// times, and no paths except those in the study file.
#pragma once

#include "braid/study/plan.h"

namespace braid {

// {"study", "title", "models", "pairs", "tasks", "variants", "sizes", "curves": [one per pair,
// task, variant and size], "alignments": [one per aligned curve], "summary": [one per task, variant
// and size: mean and standard error over pairs], "version"}. REQUIRES every job of the plan done.
nlohmann::json study_results(const Study& study, const Plan& plan, const Cache& cache,
                             const std::string& version);

}  // namespace braid
