// align_jointly: moves each of several models by its symmetry group so that all agree best.
// Cycle-consistent by construction: each model has one transform, into a common frame, and the map
// between two models is composed of these.
#pragma once

#include <functional>
#include <vector>

#include "braid/alignment/alignment.h"
#include "braid/alignment/observe.h"
#include "braid/models/model.h"
#include "braid/progress.h"

namespace braid {

struct JointAlignment {
  std::vector<Alignment> alignments;  // of every model into the frame
  // Summed agreement after each sweep. If the last is no improvement, the alignments are those
  // before it.
  std::vector<double> objectives;
};

// Aligns `model` to others in a common frame: to their mean parameters or mean features.
using AlignTo = std::function<Alignment(const Ensemble& others, const Model& model)>;

// The first model with the weighted mean parameters.
Model mean_model(const Ensemble& ensemble);

// Starts with every model aligned to the first; then each (including the first) is realigned to the
// others in turn, for at most `sweeps` sweeps, until agreement stops growing: the coordinate ascent
// of Git Re-Basin's MergeMany (Ainsworth et al. 2023, algorithm 3), for any alignment method.
// REQUIRES at least two models of one architecture, and positive weights.
JointAlignment align_jointly(const std::vector<Model>& models, const std::vector<double>& weights,
                             const AlignTo& align_to, std::int64_t sweeps,
                             const Progress& progress = {});

}  // namespace braid
