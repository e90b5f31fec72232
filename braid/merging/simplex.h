// simplex: losses between several models in one frame: on the edges, and towards the middle.
#pragma once

#include <functional>
#include <string>

#include "braid/checkpoint/tensors.h"
#include "braid/progress.h"

namespace braid {

// Losses at even steps from a model to another, or to the mean of all; ends included.
struct SimplexPath {
  std::size_t from = 0, to = 0;  // models; the number of models stands for the centroid
  std::vector<double> loss;

  double barrier() const;  // the highest, over the mean of the ends
};

// Every pair, and every model with the centroid. REQUIRES at least 2 points.
std::vector<SimplexPath> trace_simplex(const std::vector<Tensors>& models,
                                       const std::function<double(const Tensors&)>& loss,
                                       std::int64_t points, const Progress& progress = {});

}  // namespace braid
