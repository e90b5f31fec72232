// Decoder: a pre-LN Transformer whose tokens see what came before them (Radford et al. 2019).
#pragma once

#include "braid/networks/network.h"

namespace braid {

// Where its parameters are: tables by their whole names, maps and norms without .weight and .bias.
// Maps are stored (in, out).
struct DecoderNames {
  std::string words, positions, types;  // tables; no types where empty
  std::string layer;                    // what a layer's names begin with, * for its index
  std::string attention_norm, query_key_value, attention_output, ffn_norm, ffn_in, ffn_out;
  std::string norm;  // after the last layer

  std::string in_layer(std::int64_t i, const std::string& name) const;
};

class Decoder final : public Network {
 public:
  Decoder(Sizes sizes, DecoderNames names, HeadParts parts)
      : Network(std::move(sizes), std::move(parts)), names_(std::move(names)) {}

  // Padding stands on the right, where causal attention never looks: the mask is not read.
  at::Tensor encode(const Tensors& parameters, const Batch& batch, const Taps& taps = {},
                    const Dropout* dropout = nullptr) const override;
  bool is_causal() const override { return true; }

 private:
  at::Tensor attend(const Tensors& parameters, std::int64_t layer, const at::Tensor& x,
                    const Taps& taps, const Dropout* dropout) const;

  const DecoderNames names_;
};

}  // namespace braid
