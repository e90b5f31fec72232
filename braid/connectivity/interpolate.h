// interpolate: the straight path theta(t) = (1 - t) theta_A + t theta_B'. t = 0 is A, t = 1 is B'.
#pragma once

#include "braid/checkpoint/tensors.h"

namespace braid {

// In A's dtypes, computed in at least float32; the ends are A and B' themselves.
// REQUIRES the same names and shapes.
Tensors interpolate(const Tensors& a, const Tensors& b, double t);

}  // namespace braid
