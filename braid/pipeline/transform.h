// B', which is B moved by an alignment, and the proof that it computes the same function.
#pragma once

#include "braid/alignment/alignment.h"
#include "braid/compute.h"
#include "braid/connectivity/verify.h"

namespace braid {

// Tensors are computed on access. REQUIRES an alignment made for b (require_made_for).
LazyTensors transform(const Model& b, const Alignment& alignment);

// Compares B' with B in float64 from end to end, which tests the symmetry, not the rounding of the
// stored dtype. Throws if an exact alignment turns out not to be exact.
Difference prove(const Model& b, const Alignment& alignment,
                 const std::vector<TokenSequence>& sequences, const Compute& compute);

}  // namespace braid
