// families: the list of what braid understands, and what a config.json means by it.
#pragma once

#include "braid/families/family.h"

namespace braid {

const std::vector<const Family*>& families();

// By config.json's model_type; Error naming `source` and the families there are.
const Family& find_family(const nlohmann::json& config, const std::string& source);

// A model_type whose checkpoints are those of a family above under other names, perhaps fused.
struct Translation {
  std::string model_type;
  // config.json and the tensors, by stored names, as transformers writes that family. Error naming
  // the key or tensor that has no counterpart.
  std::pair<nlohmann::json, Tensors> (*translate)(const nlohmann::json& config,
                                                  const Tensors& tensors) = nullptr;
};

// The one of this model_type; null where there is none.
const Translation* find_translation(const nlohmann::json& config, const std::string& source);

// A hand-written config.json with what it leaves out as Hugging Face has it, but for dropout, which
// is 0 where it is not named.
nlohmann::json complete_config(nlohmann::json config);

// What a model with a head of this kind has, without its tensors.
Symmetries table_with(const nlohmann::json& config, Predicts head);

// The forward pass of a model that is being pretrained.
std::unique_ptr<Network> make_network(const nlohmann::json& config);

}  // namespace braid
