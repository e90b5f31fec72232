// initialise: fresh parameters of a language model, drawn from a seed.
#pragma once

#include "braid/families/families.h"

namespace braid {

// Float32, of the class that pretraining makes: normal weights of config.json's initializer_range,
// zero biases, unit gains, and what the family says of the rest (Initialisation in family.h):
// branches that start smaller, `damping` times where that is asked of all layers but the first, and
// positions as sinusoids in an orthonormal basis of their own seed. (For BERT, as Devlin et al. did
// not: both break the unigram plateau of small post-LN models in about a million tokens.) Two seeds
// share nothing but the shapes.
Tensors initialise(const nlohmann::json& config, std::uint64_t seed, double damping = 20);

// Adds what the table has and `parameters` lack: normal weights of config.json's initializer_range,
// zero biases, float32, in name order from one stream.
void draw_missing(const Symmetries& symmetries, const nlohmann::json& config, std::uint64_t seed,
                  Tensors& parameters);

}  // namespace braid
