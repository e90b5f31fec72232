// Common part of LLaMA and related families: decoders with gated feed-forward layers, rotary
// positions and grouped-query attention. Each family is a GatedDecoder, which lists the
// differences.
#pragma once

#include "braid/families/pre_norm_table.h"

namespace braid {

struct GatedDecoder {
  struct Biases {
    bool query_key_value = false, output = false, ffn = false;
  };
  // RMSNorm with gain on queries and keys: of each head's units, one gain for all heads (Qwen 3),
  // or of all units together (OLMo 2).
  enum class QueryKeyNorm { none, of_heads, of_all };

  static constexpr const char* score = "score";  // the map of classifiers

  const Family* family = nullptr;
  Biases (*biases)(const JsonField& config) = nullptr;
  // Attention window (Visibility) of each layer; empty if no layer has one. May be null.
  std::vector<std::int64_t> (*windows)(const JsonField& config) = nullptr;
  // Error for an unsupported value of a key. May be null.
  void (*check)(const JsonField& config) = nullptr;
  QueryKeyNorm query_key_norm = QueryKeyNorm::none;
  bool norms_after = false;  // norms on the outputs of branches instead of their inputs
  Norm norm = Norm::rms;     // a LayerNorm has no parameters here (OLMo)

  const PreNormNames& names() const;
  // Implementations of Family's functions.
  std::unique_ptr<Network> network(const nlohmann::json& config, const Parts& parts) const;
  Symmetries describe(const nlohmann::json& config, const Parts& parts) const;
  std::vector<Tie> ties(const nlohmann::json& config) const;
  std::vector<Fold> folds(const nlohmann::json& config) const;
  // Everything but these functions. `model`: prefix of class names; `defaults` and `sample` are
  // added to the common ones.
  static Family base(const std::string& model_type, const std::string& title,
                     const std::string& model, nlohmann::json defaults, nlohmann::json sample);
};

// `base` with the functions of `decoder`.
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

// With use_sliding_window, windows by layer_types or, if absent, in layers from max_window_layers
// on (Qwen 2 and 3).
std::vector<std::int64_t> windows_by_layer(const JsonField& config);

}  // namespace braid
