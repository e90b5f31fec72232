// Head: what a checkpoint computes from its stream of hidden states, as data: which tensors, and
// what they read. Several stand side by side.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "braid/checkpoint/tensors.h"
#include "braid/networks/layers.h"

namespace braid {

// What a head's outputs are about. A model has at most one head of a kind.
enum class Predicts {
  token,          // a logit a word of the vocabulary
  next_sentence,  // does the second text follow the first?
  label,          // a logit a label of the text, or its score
  token_label,    // a logit a label of every token
  written,        // a logit a word, of what an encoder-decoder writes
  replaced,       // of every token: did a generator put it there?
  span,           // of every token: does the answer begin, or end, here?
  choice,         // how well this text answers, against others
  sentence,       // what it means: an embedding of the text
};
// What its outputs are called.
const char* outputs_title(Predicts head);

// What a head reads.
enum class Reads {
  tokens,  // the hidden state of every token: outputs (B, T, n)
  pooled,  // the pooler's features of the text: outputs (B, n)
  first,   // the hidden state of the text's first token: outputs (B, n)
  last,    // the hidden state of the text's last token: outputs (B, n)
  mean,    // the mean of its tokens' hidden states: outputs (B, n)
  all,     // the hidden states of all its tokens, pooled: outputs (B, n)
};

// How hidden states (B, T, width) become one row a text (Reimers & Gurevych 2019; as
// sentence-transformers has it).
enum class Pooling { cls, max, mean, mean_sqrt_length, weighted_mean, last_token };
struct SentencePooling {
  std::vector<Pooling> modes;  // one after another
  bool normalised = false;     // to length 1
  // Of a text, and no further than the model's positions; 0: as many as these.
  std::int64_t longest = 0;
  std::string text_changes = {};  // what is done to texts before the tokenizer; empty = nothing

  // Do both give embeddings of one kind, whatever texts they are of?
  bool same_kind(const SentencePooling& other) const {
    return modes == other.modes && normalised == other.normalised;
  }
};
at::Tensor pool(const SentencePooling& pooling, const at::Tensor& hidden, const at::Tensor& mask);

// y = W f + b of features f, which are what the head reads, or norm(act(dense x)) of it.
struct Head {
  Predicts predicts = Predicts::token;
  Reads reads = Reads::tokens;
  std::string dense = {}, norm = {};          // of the features; empty = none
  std::optional<Activation> activation = {};  // between them; none = that of the network's layers
  std::vector<std::string> weight = {};       // W (n, width): the first of these that there is
  std::vector<std::string> bias = {};         // b (n): likewise, or 0 where there is none
  std::string tap = {};                       // that hands out the features; empty = none
  std::int64_t rows = 0;                      // n where no configuration changes it; 0 = its labels
  bool dropped = false;                       // are the features dropped out while training?
  SentencePooling pooling = {};               // where it reads all tokens; then there is no W
  double scale = 1;                           // of the features
  // A map of the second token, with whose outputs these are averaged (Touvron et al. 2021).
  std::string teacher = {};

  // Outputs by the parameters of a model that has the head.
  std::int64_t outputs(const Tensors& parameters) const;
};

// One linear map, <map>.weight and <map>.bias.
Head linear_head(Predicts predicts, Reads reads, const std::string& map, std::int64_t rows = 0);
// Without a bias.
Head unbiased_head(Predicts predicts, Reads reads, const std::string& map);

// The first of `names` that there is; an undefined tensor where there is none.
at::Tensor first_of(const Tensors& parameters, const std::vector<std::string>& names);

}  // namespace braid
