// Network: a model family's forward pass, a pure function of the parameters. Nothing is hooked: the
// pass calls `tap` with the names of the family's symmetry table.
#pragma once

#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

#include <functional>
#include <memory>
#include <string>

#include "braid/checkpoint/tensors.h"

namespace braid {

struct Batch {
  at::Tensor input_ids;       // (B, T) int64
  at::Tensor attention_mask;  // (B, T) bool, true = token; undefined = no padding
  at::Tensor token_type_ids;  // (B, T) int64; undefined = zeros
};

// (name of the tap, features (B, T, units))
using TapFunction = std::function<void(const std::string&, const at::Tensor&)>;

// Dropout (Srivastava et al. 2014) while training: probabilities, and where the draws come from.
struct Dropout {
  double hidden = 0;     // of embeddings, of what every branch adds, of the classifier's input
  double attention = 0;  // of attention probabilities
  mutable at::Generator generator;

  // x with each element dropped at `probability`, the rest scaled up.
  at::Tensor apply(const at::Tensor& x, double probability) const;
};

class Network {
 public:
  virtual ~Network() = default;

  // Hidden states (B, T, hidden). All parameters have one floating dtype, which is the result's.
  // Dropped out only where `dropout` is given.
  virtual at::Tensor encode(const Tensors& parameters, const Batch& batch,
                            const TapFunction& tap = {},
                            const Dropout* dropout = nullptr) const = 0;
  // What the decoder reads, (..., hidden), of hidden states (..., hidden). REQUIRES has_token_head.
  virtual at::Tensor token_features(const Tensors& parameters, const at::Tensor& hidden,
                                    const TapFunction& tap = {}) const = 0;
  // Vocabulary logits (..., V) of token features. REQUIRES has_token_head.
  virtual at::Tensor decode(const Tensors& parameters, const at::Tensor& features) const = 0;
  // Sentence features (B, hidden) from the pooler. REQUIRES has_pooler.
  virtual at::Tensor pool(const Tensors& parameters, const at::Tensor& hidden,
                          const TapFunction& tap = {}) const;
  // What the sentence head (a classifier, or next-sentence prediction) says of sentence features
  // (B, hidden): (B, labels). REQUIRES has_sentence_head.
  virtual at::Tensor sentence_logits(const Tensors& parameters, const at::Tensor& pooled) const;

  at::Tensor token_logits(const Tensors& parameters, const at::Tensor& hidden) const {
    return decode(parameters, token_features(parameters, hidden));
  }

  // Does the hidden state of a token see only what came before it? Then the token head predicts the
  // next token, otherwise the token itself.
  virtual bool is_causal() const { return false; }
  virtual bool has_token_head(const Tensors& parameters) const = 0;
  virtual bool has_pooler(const Tensors&) const { return false; }
  virtual bool has_sentence_head(const Tensors&) const { return false; }
  virtual std::int64_t vocabulary_size() const = 0;
  virtual std::int64_t max_positions() const = 0;
};

// The forward pass for config.json's model_type.
std::unique_ptr<Network> make_network(const nlohmann::json& config);

// Error naming the largest id or the length where `input_ids` do not fit the network.
void check_tokens(const Network& network, const at::Tensor& input_ids);

}  // namespace braid
