// initialise: random parameters of a language model, from a seed.
#pragma once

#include "braid/families/families.h"

namespace braid {

// Float32 parameters of the family's pretraining class: normal weights with config.json's
// initializer_range, zero biases, unit gains, and the family's Initialisation (family.h): branches
// that start smaller (by `damping` in all layers but the first, where so specified), and positions
// as sinusoids in a random orthonormal basis. (Unlike Devlin et al.'s BERT: both break the unigram
// plateau of small post-LN models in about a million tokens.) Different seeds give independent
// parameters.
Tensors initialise(const nlohmann::json& config, std::uint64_t seed, double damping = 20);

// Adds the table's tensors that `parameters` lack: normal weights with config.json's
// initializer_range, zero biases, unit gains, float32, in name order from one stream.
void draw_missing(const Symmetries& symmetries, const nlohmann::json& config, std::uint64_t seed,
                  Tensors& parameters);

}  // namespace braid
