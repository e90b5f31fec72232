// Architecture: everything braid knows of a model family before it sees a tensor. A new family is
// one new file that defines such a value, its line in architecture.cpp, and its forward pass in
// models/.
#pragma once

#include <nlohmann/json.hpp>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "braid/symmetry/symmetries.h"

namespace braid {

// Ablations of the paper: tables that treat more as free than is. Both are flagged as not exact.
struct Ablation {
  bool separate_residual = false;  // every LayerNorm output on an axis of its own
  bool ignore_heads = false;       // one axis over all attention units of a layer
};

struct Tie {
  std::string alias;  // not stored: the same parameter as
  std::string original;
};

// What a checkpoint says of itself beyond its configuration.
struct Contents {
  std::set<std::string> tensors;  // which optional parts (pooler, heads) it has
  bool unit_gains = false;        // every gain of its norms is 1
};

// A norm whose gain and bias can go into the maps that read it: <norm>.weight, <reader>.weight, ...
struct Fold {
  std::string norm;
  std::vector<std::string> readers;
};

struct Architecture {
  std::string model_type;  // in config.json
  std::string prefix;      // of encoder tensors in checkpoints with a head, such as "bert."
  std::vector<std::string> head_prefixes;  // of the heads' tensors, which have no such prefix
  std::string masked_lm_class, causal_lm_class, classifier_class;     // Hugging Face's
  std::vector<std::pair<std::string, std::string>> renamed_suffixes;  // old name, today's name
  std::vector<std::string> buffer_suffixes;  // stored by some, not parameters
  std::vector<std::string> size_keys;        // of config.json that shapes do not tell
  std::vector<Tie> (*ties)(const nlohmann::json& config);
  Symmetries (*describe)(const nlohmann::json& config, const Contents& contents,
                         const Ablation& ablation);
  // Norms off the residual stream (pre-LN); null where there are none.
  std::vector<Fold> (*folds)(const nlohmann::json& config) = nullptr;
};

// By config.json's model_type; Error naming `source` and the families there are.
const Architecture& find_architecture(const nlohmann::json& config, const std::string& source);

// The name of a table's tensor in a checkpoint with a head.
std::string stored_name(const Architecture& family, const std::string& name);

// A positive integer of config.json; Error naming the key, the value found and the limit.
std::int64_t config_size(const nlohmann::json& config, const char* key, std::int64_t fallback = 0);

}  // namespace braid
