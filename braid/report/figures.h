// The figures of a study's results, for the page and as files.
#pragma once

#include <nlohmann/json.hpp>

#include "braid/report/chart.h"

namespace braid {

// The figures of one task ("mlm", "sst2", ...) of study_results' document: losses along the path by
// variant, with mean and standard error over pairs; each metric likewise; barriers by amount of
// text if there are several; matched correlations by layer of the variant that aligns most axes.
std::vector<Chart> task_figures(const nlohmann::json& results, const nlohmann::json& task);

// Lower case, with '-' for all but letters and digits; for ids and file names.
std::string slug(const std::string& text);

}  // namespace braid
