// A small GPT-2 with random parameters of every kind, large enough for every axis to matter.
#pragma once

#include "braid/models/model.h"
#include "braid/random.h"

namespace braid {

struct SmallGpt2 {
  bool tied = false, unit_gains = false;
  std::uint64_t seed = 1;

  Model model() const {
    Model model;
    model.config = {{"model_type", "gpt2"}, {"n_embd", 24},
                    {"n_layer", 2},         {"n_head", 3},
                    {"n_inner", 40},        {"vocab_size", 37},
                    {"n_positions", 16},    {"tie_word_embeddings", tied}};
    const Architecture& family = find_architecture(model.config, "small");
    model.ties = family.ties(model.config);
    model.symmetries = family.describe(model.config, {{"lm_head.weight"}, unit_gains}, {});
    model.network = make_network(model.config);
    Random random(seed);
    for (const auto& [name, pattern] : model.symmetries.tensors) {
      at::Tensor tensor = at::empty(model.symmetries.shape(pattern), at::kDouble);
      const bool gain = name.find("ln_") != std::string::npos && name.ends_with("weight");
      for (std::int64_t i = 0; i < tensor.numel(); ++i) {
        tensor.data_ptr<double>()[i] = (gain ? 1 : 0) + 0.3 * random.normal();
      }
      model.parameters[name] = gain && unit_gains ? at::ones_like(tensor) : tensor;
      model.stored_names[name] = stored_name(family, name);
    }
    model.folder = "small";
    return model;
  }
};

}  // namespace braid
