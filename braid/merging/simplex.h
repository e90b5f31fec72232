// simplex: losses on paths between several models in one frame, and from each to their mean.
#pragma once

#include <functional>
#include <string>

#include "braid/checkpoint/tensors.h"
#include "braid/progress.h"

namespace braid {

// Losses at evenly spaced points from one model to another or to the mean of all, ends included.
struct SimplexPath {
  std::size_t from = 0, to = 0;  // indices of models; `to` = number of models: the mean
  std::vector<double> loss;

  double barrier() const;  // maximum minus the mean of the ends
};

// Paths between every pair of models, and from every model to the mean. REQUIRES at least 2 points.
std::vector<SimplexPath> trace_simplex(const std::vector<Tensors>& models,
                                       const std::function<double(const Tensors&)>& loss,
                                       std::int64_t points, const Progress& progress = {});

}  // namespace braid
