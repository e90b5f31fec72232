// What can be proved of models whose architecture is a table in a file, which have no forward pass:
// that one is the other moved by an element of the table's groups; or, where their owner can
// compute their outputs, that these are the same, and that elements of every axis leave them.
#pragma once

#include "braid/pipeline/align.h"
#include "braid/pipeline/callable.h"

namespace braid {

// The tensor that differs most, relative to its largest value.
struct TensorDifference {
  std::string tensor;
  double relative = 0, tolerance = 0;  // of its dtype's rounding

  bool same() const { return relative <= tolerance; }
};

// `moved` is `model` after the alignment, which may be none: then the one that weights tell is
// looked for, into `found`. REQUIRES one table. Error where the alignment is another model's.
TensorDifference prove_moved(const Model& model, const Model& moved,
                             std::optional<Alignment>& found, const Compute& compute);

// Outputs by name, in each of their elements. Error where the two do not have the same names and
// shapes, or values that are not finite. `a`, `b`: what they are of, for messages. The tolerance is
// 1e-9 in float64, 1e-5 in float32, 1e-2 in 16 bits.
TensorDifference compare_outputs(const Tensors& x, const Tensors& y, const std::string& a,
                                 const std::string& b);

// How much a random element of each axis, of all its layers together, changes what the callable
// says, by the axis as the table calls it; axes that the model returns are left out.
std::map<std::string, TensorDifference> prove_table(const Model& model, const Callable& callable,
                                                    std::uint64_t seed);

}  // namespace braid
