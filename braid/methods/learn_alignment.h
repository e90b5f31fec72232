// learn_alignment: optimises the alignment for a low loss near the middle of the path (GLMC: Theus
// et al. 2025, arXiv 2506.22712). Gradients go through the action of group elements on B's weights,
// so neither model's function changes and the alignment is exact whatever the optimiser does.
#pragma once

#include "braid/compute.h"
#include "braid/methods/evidence.h"
#include "braid/methods/latents.h"
#include "braid/models/model.h"

namespace braid {

struct LearnOptions {
  LatentOptions latents;   // learning rates are of Adam and decay to 0
  bool move_both = false;  // A moves too while learning; its inverse is applied to B at the end
  std::int64_t steps = 1000;
  double lowest = 0.4, highest = 0.6;  // t is uniform in [lowest, highest]
  double most_condition = 1e4;         // limit for in-head maps at the end (Error above)
  std::uint64_t seed = 0;              // of t
  std::int64_t save_every = 500;
};

// REQUIRES a start in the models' own table, and losses. General maps are kept invertible by the
// loss; their condition number is in the alignment. Objectives of learnt axes are 0.
Alignment learn_alignment(const Model& a, const Model& b, const Evidence& evidence,
                          const LearnOptions& options, const Compute& compute);

}  // namespace braid
