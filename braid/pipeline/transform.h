// B' of an alignment: B moved inside its symmetry group, and the proof that it computes what B
// does.
#pragma once

#include "braid/alignment/alignment.h"
#include "braid/compute.h"
#include "braid/connectivity/verify.h"

namespace braid {

// Each tensor when it is asked for. REQUIRES an alignment made for b (require_made_for).
LazyTensors transform(const Model& b, const Alignment& alignment);

// B' against B in float64 from end to end: what is shown is the symmetry, not the rounding of the
// stored dtype. Error where an exact alignment turns out not to be.
Difference prove(const Model& b, const Alignment& alignment,
                 const std::vector<TokenSequence>& sequences, const Compute& compute);

}  // namespace braid
