// What LLaMA and its kin share: decoders with gated feed-forward layers, rotary positions and fewer
// key than query heads. A family is a GatedDecoder: what sets it apart.
#pragma once

#include "braid/families/pre_norm_table.h"

namespace braid {

struct GatedDecoder {
  struct Biases {
    bool query_key_value = false, output = false, ffn = false;
  };
  // Of queries and keys, with a gain: of each head's units, one gain for all heads (Qwen 3), or of
  // all units together (OLMo 2).
  enum class QueryKeyNorm { none, of_heads, of_all };

  static constexpr const char* score = "score";  // the map of classifiers

  const Family* family = nullptr;
  Biases (*biases)(const JsonField& config) = nullptr;
  // Visibility's window, of each layer; empty = none. Null: never.
  std::vector<std::int64_t> (*windows)(const JsonField& config) = nullptr;
  // Error where a key changes the function in a way that is not there. Null: none does.
  void (*check)(const JsonField& config) = nullptr;
  QueryKeyNorm query_key_norm = QueryKeyNorm::none;
  bool norms_after = false;  // of what the branches add
  Norm norm = Norm::rms;     // a LayerNorm has no parameters here (OLMo)

  const PreNormNames& names() const;
  // The families' functions.
  std::unique_ptr<Network> network(const nlohmann::json& config, const Parts& parts) const;
  Symmetries describe(const nlohmann::json& config, const Parts& parts) const;
  std::vector<Tie> ties(const nlohmann::json& config) const;
  std::vector<Fold> folds(const nlohmann::json& config) const;
  // All that does not depend on this value. `model` begins the names of its classes; `defaults` and
  // `sample` beside those of all.
  static Family base(const std::string& model_type, const std::string& title,
                     const std::string& model, nlohmann::json defaults, nlohmann::json sample);
};

// `base` with the functions of one decoder.
template <const GatedDecoder& decoder>
Family family_of(Family base) {
  base.ties = [](const nlohmann::json& config) { return decoder.ties(config); };
  base.describe = [](const nlohmann::json& config, const Parts& parts) {
    return decoder.describe(config, parts);
  };
  base.network = [](const nlohmann::json& config, const Parts& parts) {
    return decoder.network(config, parts);
  };
  base.folds = [](const nlohmann::json& config) { return decoder.folds(config); };
  return base;
}

// Windows by layer_types, or of the layers from max_window_layers on, where use_sliding_window
// (Qwen 2 and 3).
std::vector<std::int64_t> windows_by_layer(const JsonField& config);

}  // namespace braid
