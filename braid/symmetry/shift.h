// Shifts: freedoms of a network that add to its biases, where group elements multiply. They leave
// the function as it was, and change what it is averaged with.
// averaged: rows of attention probabilities sum to 1. All values may move by c if what reads their
// averages takes it back:  b_v += c,  b_o -= W_o c.
// normed: a LayerNorm's output is h = g * n + b, where n has mean 0. So u.h = k whatever the input,
// with u = 1 / g and k = sum(b / g), and what reads h does not see u:  W += c u^T,  bias -= k c.
// Averages see them: at t the first leaves t (1 - t) (W_o,A - W_o,B) c in the output bias, and u.h
// is not k in an averaged network, whose gains and biases are neither model's.
#pragma once

#include "braid/symmetry/group.h"

namespace braid {

// `parameters` with every shift of `transform` made; tensors that none moves are shared. What moves
// has the wider dtype of the tensor and the vector. Error naming a norm that has a gain of 0.
Tensors shift(const Symmetries& symmetries, const Tensors& parameters, const Transform& transform);

}  // namespace braid
