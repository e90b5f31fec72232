// initialise: fresh parameters of a language model, drawn from a seed.
#pragma once

#include <nlohmann/json.hpp>

#include "braid/symmetry/symmetries.h"

namespace braid {

struct ModelStart {
  Symmetries symmetries;
  Tensors parameters;  // float32
};

// Normal weights of config.json's initializer_range, zero biases, unit gains, for an encoder with a
// masked-LM head and no pooler, and three departures
// from Devlin et al. that break the unigram plateau of small post-LN models in about a million
// tokens: branches of all layers but the first start `damping` times smaller, and positions start
// as sinusoids in an orthonormal basis of their own seed. Two seeds share nothing but the shapes.
ModelStart initialise_masked_model(const nlohmann::json& config, std::uint64_t seed,
                                   double damping = 20);

// As Hugging Face initialises GPT-2 (Radford et al. 2019): the same normal weights, those that
// close a branch smaller by the root of the number of branches, zero biases, unit gains.
ModelStart initialise_causal_model(const nlohmann::json& config, std::uint64_t seed);

// Adds what the table has and `parameters` lack: normal weights of config.json's initializer_range,
// zero biases, float32, in name order from one stream.
void draw_missing(const Symmetries& symmetries, const nlohmann::json& config, std::uint64_t seed,
                  Tensors& parameters);

}  // namespace braid
