// repair: after averaging, refits the linear maps that read a layer's units on text, so that
// branches of the merged model output what the parents' output. Same architecture. NOT a symmetry:
// it changes the merged model's function on purpose.
#pragma once

#include <functional>

#include "braid/alignment/observe.h"

namespace braid {

enum class Repair {
  none,
  // Gives each unit the average of the parents' means and standard deviations (REPAIR: Jordan et
  // al. 2023), by rescaling the weights that read it.
  rescale,
  // Each reader becomes the least-squares map from the merged model's units to the mean of the
  // parents' outputs (RegMean, Jin et al. 2023, with the merged model's own units as the input).
  least_squares,
};

struct RepairOptions {
  Repair kind = Repair::none;
  // Pulls the least-squares map towards the averaged one: multiple of the units' mean variance.
  double ridge = 0.01;
};

// Moments at `taps`, on the text of the repair.
using ObserveTaps = std::function<MomentsByTap(const Model& a, const Model& b,
                                               const std::vector<std::string>& taps)>;

// The parameters of `merged`, repaired tap by tap in dataflow order: each tap is observed after all
// before it are repaired. Fits every linear map that reads units of an FFN, a head or a pooler,
// centred on the units' means if it has a bias. `parents` must be in the merged model's frame.
// Computed in float64, stored in the merged dtypes.
Tensors repair(const Model& merged, const Ensemble& parents, const RepairOptions& options,
               const ObserveTaps& observe, const Progress& progress = {});

}  // namespace braid
