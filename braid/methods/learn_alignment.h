// learn_alignment: optimises the alignment itself, so that the loss near the middle of the path is
// low (GLMC: Theus et al. 2025, arXiv 2506.22712). Gradients go through the action of the group
// elements on B's weights; neither model's function ever changes, and what comes out is an exact
// alignment, whatever the optimiser did.
#pragma once

#include "braid/compute.h"
#include "braid/methods/evidence.h"
#include "braid/methods/latents.h"
#include "braid/models/model.h"

namespace braid {

struct LearnOptions {
  LatentOptions latents;   // what may move, and how fast: Adam, decaying to 0
  bool move_both = false;  // A moves as well while learning, and B takes its inverse at the end
  std::int64_t steps = 1000;
  double lowest = 0.4, highest = 0.6;  // t is uniform between
  double most_condition = 1e4;         // of in-head maps at the end (Error beyond)
  std::uint64_t seed = 0;              // of t
  std::int64_t save_every = 500;
};

// REQUIRES a start in the models' own table, and losses. General maps are kept invertible by the
// loss; the condition number is in the alignment. Objectives of what is learnt are 0.
Alignment learn_alignment(const Model& a, const Model& b, const Evidence& evidence,
                          const LearnOptions& options, const Compute& compute);

}  // namespace braid
