// interpolate: points on the linear path between two models, and in the simplex of several.
#pragma once

#include <vector>

#include "braid/checkpoint/lazy_tensors.h"

namespace braid {

// The weighted mean, summed in float64 and rounded once to the dtypes of the first; lazy.
// REQUIRES equal names and shapes, and weights that sum to 1.
LazyTensors average(const std::vector<LazyTensors>& parameters, const std::vector<double>& weights);
Tensors average(const std::vector<Tensors>& parameters, const std::vector<double>& weights);

// theta(t) = (1 - t) theta_A + t theta_B', in A's dtypes. t = 0 is A itself, t = 1 is B'.
Tensors interpolate(const Tensors& a, const Tensors& b, double t);

}  // namespace braid
