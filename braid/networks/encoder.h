// Encoder: a bidirectional post-LN Transformer (Vaswani et al. 2017, Devlin et al. 2019).
#pragma once

#include "braid/networks/distances.h"
#include "braid/networks/network.h"

namespace braid {

// Names of its parameters: full names of tables; maps and norms without .weight and .bias.
struct EncoderNames {
  std::string words, positions;  // tables; positions may be empty = none
  std::string types = {};        // table of token types; empty = none
  std::string norm;              // of the embeddings
  std::string projection = {};   // from the embeddings into the stream; empty = none
  std::string layer;             // prefix of a layer's names, * for its index; without *: shared
  std::string query, key, value, attention_output, attention_norm, ffn_in, ffn_out, ffn_norm;

  Distances distances = {};  // DeBERTa's; without a table = none

  std::string in_layer(std::int64_t i, const std::string& name) const;
};

class Encoder final : public Network {
 public:
  Encoder(Sizes sizes, EncoderNames names, HeadParts parts)
      : Network(std::move(sizes), std::move(parts)), names_(std::move(names)) {}

  at::Tensor encode(const Tensors& parameters, const Batch& batch, const Taps& taps = {},
                    const Dropout* dropout = nullptr) const override;

 private:
  // Embeddings of distances, if any, and their indices (Distances::rows).
  struct Far {
    at::Tensor vectors, places;
  };
  at::Tensor embed(const Tensors& parameters, const Batch& batch) const;
  at::Tensor attend(const Tensors& parameters, std::int64_t layer, const at::Tensor& x,
                    const Visibility& seen, const Far& far, const Taps& taps,
                    const Dropout* dropout) const;

  const EncoderNames names_;
};

}  // namespace braid
