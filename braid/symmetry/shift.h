// Shifts: additive symmetries of biases, besides the multiplicative group elements. They do not
// change a network's function, but do change its averages with others.
// averaged: rows of attention probabilities sum to 1, so all values may move by c if the map that
// reads their averages compensates:  b_v += c,  b_o -= W_o c.
// normed: a LayerNorm's output is h = g * n + b, where n has mean 0. So u.h = k for any input, with
// u = 1 / g and k = sum(b / g), and readers of h may change along u:  W += c u^T,  bias -= k c.
// In averages, at t the first leaves t (1 - t) (W_o,A - W_o,B) c in the output bias, and u.h is not
// k, since gains and biases are neither model's.
#pragma once

#include "braid/symmetry/group.h"

namespace braid {

// `parameters` with every shift of `transform` applied; other tensors are shared. Changed tensors
// have the wider dtype of tensor and vector. Error naming a norm with a gain of 0.
Tensors shift(const Symmetries& symmetries, const Tensors& parameters, const Transform& transform);

}  // namespace braid
