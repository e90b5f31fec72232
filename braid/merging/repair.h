// repair: after averaging, the linear maps that read a layer's units are fitted once on text, so
// that the merged model's branches say what the parents' say. The architecture stays. NOT a
// symmetry: the merged model's function changes, which is the purpose.
#pragma once

#include <functional>

#include "braid/alignment/observe.h"

namespace braid {

enum class Repair {
  none,
  // Each unit gets the mean of the parents' means and deviations (REPAIR: Jordan et al. 2023), by
  // scaling what its readers see of it.
  rescale,
  // Each reader becomes the least-squares map from the merged model's units to the mean of the
  // parents' outputs (RegMean, Jin et al. 2023, with the merged model's own units as the input).
  least_squares,
};

struct RepairOptions {
  Repair kind = Repair::none;
  // Pulls the least-squares map towards the average: so many times the units' mean variance.
  double ridge = 0.01;
};

// Moments at `taps`, of the repair's text.
using ObserveTaps = std::function<MomentsByTap(const Model& a, const Model& b,
                                               const std::vector<std::string>& taps)>;

// The parameters of `merged`, repaired tap by tap in dataflow order: a tap is observed when all
// before it are repaired. Fits every linear map that reads units of an FFN, a head or a pooler,
// about the units' means where it has a bias; `parents` are in the merged model's frame. Computed
// in double, in the merged dtypes.
Tensors repair(const Model& merged, const Ensemble& parents, const RepairOptions& options,
               const ObserveTaps& observe, const Progress& progress = {});

}  // namespace braid
