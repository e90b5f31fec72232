// align: an alignment of two models by one of the closed-form methods.
#pragma once

#include "braid/alignment/weights.h"
#include "braid/models/model.h"

namespace braid {

// activations: the paper's, from moments. weights: no text. both: the sum of the two objectives.
enum class Method { activations, weights, both };

// REQUIRES moments of taps_to_observe where the method reads text. Axes belong to the table of
// match.ablation(), which weights cannot take part in (Error).
Alignment align(const Model& a, const Model& b, Method method, const MomentsByTap& moments,
                const MatchOptions& match, const WeightOptions& weights, int threads,
                const Progress& progress = {});

}  // namespace braid
