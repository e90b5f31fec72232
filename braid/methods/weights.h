// match_weights: an alignment from the weights alone, no text (Ainsworth et al. 2023, Git Re-Basin;
// Theus et al. 2025). Coordinate ascent over the axes of a table on
//   sum over tensors sqrt(entries) <A, g B> / (|A| |B|),
// whose weighting keeps noise in small tensors (biases) from dominating. Each axis (heads with the
// units inside them) is solved with the others fixed, until the sum stops rising.
#pragma once

#include "braid/alignment/alignment.h"
#include "braid/compute.h"
#include "braid/methods/weight_objective.h"
#include "braid/progress.h"

namespace braid {

struct WeightOptions {
  std::int64_t starts = 3;    // initial orders of the axes; the best result is kept
  std::int64_t rounds = 100;  // maximum number of passes over all axes
  std::uint64_t seed = 0;     // of the orders; the first order is fixed
};

// `benefits` may be empty; with frames (general maps) they are between framed units. REQUIRES
// tensors of the table. The result does not depend on the number of threads.
Alignment match_weights(const Matching& matching, const Tensors& a, const Tensors& b,
                        const Benefits& benefits, const WeightOptions& options,
                        const Compute& compute, const Progress& progress = {});

}  // namespace braid
