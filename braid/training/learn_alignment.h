// learn_alignment: optimises the alignment itself, so that the loss near the middle of the path is
// low (GLMC: Theus et al. 2025, arXiv 2506.22712). Gradients go through the action of the group
// elements on B's weights; neither model's function ever changes, and what comes out is an exact
// alignment, whatever the optimiser did.
#pragma once

#include "braid/alignment/alignment.h"
#include "braid/models/model.h"
#include "braid/training/loop.h"

namespace braid {

struct LearnOptions {
  // What may move: ffn, heads, in-head, residual, head, pooler. Elements of the rest stay.
  std::set<std::string> learn = {"ffn", "heads", "in-head", "residual"};
  std::int64_t steps = 1000;
  double learning_rate = 1e-2;              // of in-head maps: Adam, decaying to 0
  double permutation_learning_rate = 1e-3;  // of the latent matrices of permutations
  double latent = 0.03;                     // their start: so many times the permutation
  double lowest = 0.4, highest = 0.6;       // t is uniform between
  double most_condition = 1e4;              // of in-head maps at the end (Error beyond)
  std::uint64_t seed = 0;                   // of t
  std::int64_t save_every = 500;
  int threads = 1;
};

// Permutations are learnt straight-through: the assignment of a latent matrix goes forward, the
// gradient to all of it. Orthogonal maps become U V^T of a latent matrix. General maps are their
// own latent matrix, kept invertible by the loss; the condition number is reported by the
// alignment. `parts` gives losses of merged parameters, float32. `state` as in train(). REQUIRES an
// alignment of the models' own table. Objectives of axes that moved are the agreement with where
// they started: matched units, or the trace of the relative rotation.
struct Learned {
  Alignment alignment;
  std::vector<TrainingPoint> curve;
};
Learned learn_alignment(const Model& a, const Model& b, const Alignment& start,
                        const StepSource& parts, const nlohmann::json& identity,
                        const LearnOptions& options, const std::filesystem::path& state,
                        const TrainingLog& log = {});

}  // namespace braid
