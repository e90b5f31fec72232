// A small GPT-2 with random parameters of every kind, large enough for every axis to matter.
#pragma once

#include "braid/models/model.h"

namespace braid {

struct SmallGpt2 {
  bool tied = false, unit_gains = false;
  std::uint64_t seed = 1;

  nlohmann::json config() const {
    nlohmann::json config = find_family({{"model_type", "gpt2"}}, "small").sample;
    config["tie_word_embeddings"] = tied;
    return config;
  }

  Model model() const { return random_model(config(), {{"LM"}, unit_gains}, seed); }
};

}  // namespace braid
