// Head: an output of a checkpoint, computed from its hidden states, as data: tensors and input. A
// model may have several.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "braid/checkpoint/tensors.h"
#include "braid/networks/layers.h"

namespace braid {

// What a head predicts. A model has at most one head of a kind.
enum class Predicts {
  token,          // logits over the vocabulary
  next_sentence,  // whether the second text follows the first
  label,          // logits over labels of the text, or its score
  token_label,    // logits over labels, for every token
  written,        // logits over the vocabulary, from a decoder with cross attention
  replaced,       // for every token, whether a generator replaced it
  span,           // for every token, whether the answer begins or ends there
  choice,         // score of this text among several choices
  sentence,       // an embedding of the text
};
// Name of its outputs.
const char* outputs_title(Predicts head);

// A head's input, and shape of its outputs.
enum class Reads {
  tokens,  // the hidden state of every token: (B, T, n)
  pooled,  // the pooler's features: (B, n)
  first,   // the hidden state of the first token: (B, n)
  last,    // the hidden state of the last token: (B, n)
  mean,    // the mean of all hidden states: (B, n)
  all,     // all hidden states, pooled: (B, n)
};

// Pooling of hidden states (B, T, width) to one row per text (Reimers & Gurevych 2019; as in
// sentence-transformers).
enum class Pooling { cls, max, mean, mean_sqrt_length, weighted_mean, last_token };
struct SentencePooling {
  std::vector<Pooling> modes;  // concatenated
  bool normalised = false;     // to length 1
  // Maximum tokens of a text, besides the model's positions; 0: no other limit.
  std::int64_t longest = 0;
  std::string text_changes = {};  // changes to texts before the tokenizer; empty = none

  // True if embeddings of both are comparable (same pooling).
  bool same_kind(const SentencePooling& other) const {
    return modes == other.modes && normalised == other.normalised;
  }
};
at::Tensor pool(const SentencePooling& pooling, const at::Tensor& hidden, const at::Tensor& mask);

// y = W f + b of features f, which are the head's input x or norm(act(dense x)).
struct Head {
  Predicts predicts = Predicts::token;
  Reads reads = Reads::tokens;
  std::string dense = {}, norm = {};          // of the features; empty = none
  std::optional<Activation> activation = {};  // of the features; unset = the network's
  std::vector<std::string> weight = {};       // W (n, width): the first of these that exists
  std::vector<std::string> bias = {};         // b (n): likewise; 0 if none exists
  std::string tap = {};                       // of the features; empty = none
  std::int64_t rows = 0;                      // n, if fixed; 0 = number of labels
  bool dropped = false;                       // apply dropout to the features
  SentencePooling pooling = {};               // for Reads::all, without W
  double scale = 1;                           // of the features
  // A map of the second token, whose outputs are averaged with these (Touvron et al. 2021).
  std::string teacher = {};

  // Number of outputs, in a model with these parameters.
  std::int64_t outputs(const Tensors& parameters) const;
};

// A linear map, <map>.weight and <map>.bias.
Head linear_head(Predicts predicts, Reads reads, const std::string& map, std::int64_t rows = 0);
// Without a bias.
Head unbiased_head(Predicts predicts, Reads reads, const std::string& map);

// The first of `names` that exists; an undefined tensor if none does.
at::Tensor first_of(const Tensors& parameters, const std::vector<std::string>& names);

}  // namespace braid
