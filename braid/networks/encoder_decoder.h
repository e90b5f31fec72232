// EncoderDecoder: a stack that reads a text and one that writes another, looking at it (Raffel et
// al. 2020): pre-RMSNorm, positions as one bias of scores a stack.
#pragma once

#include "braid/networks/network.h"

namespace braid {

// Maps and norms without .weight; * for a layer's index.
struct EncoderDecoderNames {
  struct Attention {
    std::string norm, query, key, value, output;
  };
  struct FeedForward {
    std::string norm, gate, in, out;  // no gate where empty; it is the gate that is activated
  };
  struct Stack {
    Attention own, cross;  // no cross attention where its names are empty
    FeedForward ffn;
    std::string bias, norm;  // (buckets, heads) of the first layer; after the last layer
  };
  std::string words;
  Stack encoder, decoder;
};

struct EncoderDecoderForm {
  std::int64_t decoder_layers = 0;
  std::int64_t buckets = 0, max_distance = 0;  // of distances between tokens
  std::int64_t start = 0;                      // the token that writing starts from
};

class EncoderDecoder final : public Network {
 public:
  EncoderDecoder(Sizes sizes, EncoderDecoderNames names, EncoderDecoderForm form, HeadParts parts)
      : Network(std::move(sizes), std::move(parts)), names_(std::move(names)), form_(form) {}

  // The writer's hidden states. It is given the text that is read, one place to the right.
  // Padding stands on the right.
  at::Tensor encode(const Tensors& parameters, const Batch& batch, const Taps& taps = {},
                    const Dropout* dropout = nullptr) const override;
  std::map<std::string, std::string> beyond_shapes() const override;

 private:
  struct Pass;

  // (1, heads, T, T) of tokens that follow each other.
  at::Tensor position_bias(const at::Tensor& table, std::int64_t length, bool both_ways) const;
  at::Tensor attend(const Pass& pass, const EncoderDecoderNames::Attention& names,
                    const std::string& tap, std::int64_t layer, const at::Tensor& x,
                    const at::Tensor& read, const Visibility& visible) const;
  at::Tensor feed_forward(const Pass& pass, const EncoderDecoderNames::FeedForward& names,
                          std::int64_t layer, const at::Tensor& x) const;
  // `first`: what its layer 0 is called by taps. `memory`: what cross attention reads.
  at::Tensor run_stack(const Pass& pass, const EncoderDecoderNames::Stack& names,
                       std::int64_t layers, std::int64_t first, at::Tensor x,
                       const Visibility& visible, const at::Tensor& memory) const;

  const EncoderDecoderNames names_;
  const EncoderDecoderForm form_;
};

}  // namespace braid
