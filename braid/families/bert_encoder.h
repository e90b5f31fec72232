// Common part of BERT and descendants with its config.json keys: post-LN encoders with a head that
// predicts tokens. Each family is a BertEncoder, which lists only the differences.
#pragma once

#include "braid/families/encoder_table.h"

namespace braid {

struct BertEncoder {
  const Family* family = nullptr;
  // Of config.json with defaults; tables, projection and distances without a name do not exist.
  EncoderNames (*names)(const nlohmann::json& config) = nullptr;
  MaskedHeadNames masked;
  const char* pooler = "pooler.dense";  // map of the pooler, if present
  bool places_behind_pad = false;       // positions are counted from pad_token_id + 1
  bool one_layer = false;               // a single layer, applied repeatedly
  bool disentangled = false;            // attention also scores relative distances
  // Error for unsupported values of keys other than BERT's. May be null.
  void (*check)(const nlohmann::json& config) = nullptr;

  // Implementations of Family's functions; config.json without defaults added.
  std::unique_ptr<Network> network(const nlohmann::json& config, const Parts& parts) const;
  Symmetries ablate(const nlohmann::json& config, const Parts& parts,
                    const Ablation& ablation) const;
  std::vector<Tie> ties(const nlohmann::json& config) const;
  // Adds to `own` what all share: old names, heads on tokens, defaults, initialisation, sample.
  Family complete(Family own) const;
};

// names_of_bert() for any configuration.
EncoderNames bert_names(const nlohmann::json& config);

// `own` with the functions of `encoder`. No ablations for a shared layer.
template <const BertEncoder& encoder>
Family family_of(Family own) {
  own = encoder.complete(std::move(own));
  own.ties = [](const nlohmann::json& config) { return encoder.ties(config); };
  own.describe = [](const nlohmann::json& config, const Parts& parts) {
    return encoder.ablate(config, parts, {});
  };
  own.network = [](const nlohmann::json& config, const Parts& parts) {
    return encoder.network(config, parts);
  };
  if (encoder.one_layer) return own;
  own.ablate = [](const nlohmann::json& config, const Parts& parts, const Ablation& ablation) {
    return encoder.ablate(config, parts, ablation);
  };
  return own;
}

}  // namespace braid
