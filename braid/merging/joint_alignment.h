// align_jointly: more than two models, each moved inside its symmetry group to where all agree
// best. Cycle-consistent by construction: a model has one transform, into the common frame, and the
// map between two of them is what these two transforms say.
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
  std::vector<double> objectives;     // summed agreement after each sweep; the last but one is kept
                                      // where the last fell
};

// How `model` moves towards others that share a frame: towards their mean parameters, or the mean
// of their features.
using AlignTo = std::function<Alignment(const Ensemble& others, const Model& model)>;

// The model of the weighted mean parameters; in all else the first.
Model mean_model(const Ensemble& ensemble);

// Starts with every model aligned to the first; then each, the first among them, is aligned to the
// others where they are now, sweep after sweep, until their agreement stops growing: the coordinate
// ascent of Git Re-Basin's MergeMany (Ainsworth et al. 2023, algorithm 3), for any alignment.
// REQUIRES at least two models of one architecture, positive weights.
JointAlignment align_jointly(const std::vector<Model>& models, const std::vector<double>& weights,
                             const AlignTo& align_to, std::int64_t sweeps,
                             const Progress& progress = {});

}  // namespace braid
