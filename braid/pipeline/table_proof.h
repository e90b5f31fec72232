// Proofs for models whose architecture is a table in a file, without a forward pass: that one is
// the other moved by an element of the table's groups; or, if the user can compute outputs, that
// these are the same, and that elements of every axis leave them unchanged.
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

// Compares `moved` with `model` after the alignment `found`; if that is empty, weight matching
// finds one and stores it there. REQUIRES one table. Throws if the alignment is another model's.
TensorDifference prove_moved(const Model& model, const Model& moved,
                             std::optional<Alignment>& found, const Compute& compute);

// Compares outputs by name, in every element. Throws if names or shapes differ, or values are not
// finite. `a`, `b`: their sources, for messages. The tolerance is 1e-9 in float64, 1e-5 in float32,
// 1e-2 in 16 bits.
TensorDifference compare_outputs(const Tensors& x, const Tensors& y, const std::string& a,
                                 const std::string& b);

// Change in the callable's outputs under random elements of each axis, in all layers at once; by
// the table's name of the axis. Axes that the model returns are left out.
std::map<std::string, TensorDifference> prove_table(const Model& model, const Callable& callable,
                                                    std::uint64_t seed);

}  // namespace braid
