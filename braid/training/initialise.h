// initialise: fresh parameters of a masked language model, drawn from a seed.
#pragma once

#include <nlohmann/json.hpp>

#include "braid/symmetry/symmetries.h"

namespace braid {

struct MaskedModelStart {
  Symmetries symmetries;  // the table of an encoder with a masked-LM head and no pooler
  Tensors parameters;     // float32
};

// Normal weights of config.json's initializer_range, zero biases, unit gains, and three departures
// from Devlin et al. that break the unigram plateau of small post-LN models in about a million
// tokens: branches of all layers but the first start `damping` times smaller, and positions start
// as sinusoids in an orthonormal basis of their own seed. Two seeds share nothing but the shapes.
MaskedModelStart initialise_masked_model(const nlohmann::json& config, std::uint64_t seed,
                                         double damping = 20);

// Adds what the table has and `parameters` lack: normal weights of config.json's initializer_range,
// zero biases, float32, in name order from one stream.
void draw_missing(const Symmetries& symmetries, const nlohmann::json& config, std::uint64_t seed,
                  Tensors& parameters);

}  // namespace braid
