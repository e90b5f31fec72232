// What BERT and its descendants share that kept its keys of config.json: post-LN encoders with a
// head that predicts tokens. A family is a BertEncoder: what sets it apart.
#pragma once

#include "braid/families/encoder_table.h"

namespace braid {

struct BertEncoder {
  const Family* family = nullptr;
  // By config.json with the defaults: a model has the tables, the projection and the distances that
  // are named.
  EncoderNames (*names)(const nlohmann::json& config) = nullptr;
  MaskedHeadNames masked;
  const char* pooler = "pooler.dense";  // its map, where there is one
  bool places_behind_pad = false;       // positions are counted from behind the padding token's id
  bool one_layer = false;               // which is applied again and again
  bool disentangled = false;            // scores are of distances as well
  // Error where a key changes the function in a way that is not there, beside BERT's. Null: none.
  void (*check)(const nlohmann::json& config) = nullptr;

  // The families' functions; config.json as it is given.
  std::unique_ptr<Network> network(const nlohmann::json& config, const Parts& parts) const;
  Symmetries ablate(const nlohmann::json& config, const Parts& parts,
                    const Ablation& ablation) const;
  std::vector<Tie> ties(const nlohmann::json& config) const;
  // `own` with what all have: old names, heads of tokens, defaults, how parameters start, a sample.
  Family complete(Family own) const;
};

// names_of_bert().
EncoderNames bert_names(const nlohmann::json& config);

// `own` with the functions of one encoder. What is one layer has no ablations.
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
