// The figures of a study's results: what is drawn of them, in the page and alone.
#pragma once

#include <nlohmann/json.hpp>

#include "braid/report/chart.h"

namespace braid {

// Of one task ("mlm", "sst2", ...) of study_results' document: losses along the path by variant,
// mean and standard error over pairs; each metric likewise; barriers by amount of text where there
// are several; matched correlations by layer of the variant that aligns most.
std::vector<Chart> task_figures(const nlohmann::json& results, const nlohmann::json& task);

// Task names with letters and digits only, for ids and file names.
std::string slug(const std::string& text);

}  // namespace braid
