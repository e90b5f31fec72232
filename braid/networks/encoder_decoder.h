// EncoderDecoder: an encoder, and a decoder with cross attention to it (Raffel et al. 2020):
// pre-RMSNorm, relative positions as a bias of scores shared by the layers of a stack.
#pragma once

#include "braid/networks/network.h"

namespace braid {

// Maps and norms without .weight; * for a layer's index.
struct EncoderDecoderNames {
  struct Attention {
    std::string norm, query, key, value, output;
  };
  struct FeedForward {
    std::string norm, gate, in, out;  // gate: empty = none; the activation is applied to it
  };
  struct Stack {
    Attention own, cross;  // cross: empty names = none
    FeedForward ffn;
    std::string bias, norm;  // (buckets, heads), in the first layer; after the last layer
  };
  std::string words;
  Stack encoder, decoder;
};

struct EncoderDecoderForm {
  std::int64_t decoder_layers = 0;
  std::int64_t buckets = 0, max_distance = 0;  // of relative positions
  std::int64_t start = 0;                      // decoder start token
};

class EncoderDecoder final : public Network {
 public:
  EncoderDecoder(Sizes sizes, EncoderDecoderNames names, EncoderDecoderForm form, HeadParts parts)
      : Network(std::move(sizes), std::move(parts)), names_(std::move(names)), form_(form) {}

  // Hidden states of the decoder, whose input is the encoder's, shifted right by one. REQUIRES
  // padding on the right.
  at::Tensor encode(const Tensors& parameters, const Batch& batch, const Taps& taps = {},
                    const Dropout* dropout = nullptr) const override;
  std::map<std::string, std::string> beyond_shapes() const override;

 private:
  struct Pass;

  // (1, heads, T, T) for consecutive positions.
  at::Tensor position_bias(const at::Tensor& table, std::int64_t length, bool both_ways) const;
  at::Tensor attend(const Pass& pass, const EncoderDecoderNames::Attention& names,
                    const std::string& tap, std::int64_t layer, const at::Tensor& x,
                    const at::Tensor& read, const Visibility& visible) const;
  at::Tensor feed_forward(const Pass& pass, const EncoderDecoderNames::FeedForward& names,
                          std::int64_t layer, const at::Tensor& x) const;
  // `first`: the number of its layer 0 in taps. `memory`: input of cross attention.
  at::Tensor run_stack(const Pass& pass, const EncoderDecoderNames::Stack& names,
                       std::int64_t layers, std::int64_t first, at::Tensor x,
                       const Visibility& visible, const at::Tensor& memory) const;

  const EncoderDecoderNames names_;
  const EncoderDecoderForm form_;
};

}  // namespace braid
