// The supported model families, and lookup by config.json.
#pragma once

#include "braid/families/family.h"

namespace braid {

const std::vector<const Family*>& families();

// By config.json's model_type; Error naming `source` and the supported families.
const Family& find_family(const nlohmann::json& config, const std::string& source);

// A model_type whose checkpoints are those of a family above with other names or fused tensors.
struct Translation {
  std::string model_type;
  // config.json and tensors, by stored names, as transformers writes that family. Error naming a
  // key or tensor without counterpart.
  std::pair<nlohmann::json, Tensors> (*translate)(const nlohmann::json& config,
                                                  const Tensors& tensors) = nullptr;
};

// By config.json's model_type; null if it needs no translation.
const Translation* find_translation(const nlohmann::json& config, const std::string& source);

// A hand-written config.json completed with Hugging Face's defaults, except dropout, which defaults
// to 0.
nlohmann::json complete_config(nlohmann::json config);

// The symmetry table of a model with a head of this kind, from its configuration alone.
Symmetries table_with(const nlohmann::json& config, Predicts head);

// The forward pass of the class that pretraining makes.
std::unique_ptr<Network> make_network(const nlohmann::json& config);

}  // namespace braid
