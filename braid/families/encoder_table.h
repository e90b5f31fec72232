// EncoderTable: the symmetry table that post-LN encoders share, with the paper's ablations.
#pragma once

#include "braid/families/rules.h"
#include "braid/networks/encoder.h"

namespace braid {

struct EncoderSizes {
  std::int64_t layers = 0, heads = 0, width = 0, ffn = 0;
  std::int64_t words = 0, positions = 0, types = 0;  // rows of tables; no types where 0
  Activation activation;
  std::int64_t embedding = 0;     // units of the words, where a map makes the stream of them
  std::int64_t applications = 0;  // of the last layer, where it is more than one
};

// BERT's, which its descendants kept.
EncoderNames names_of_bert();

// The head that predicts tokens: LayerNorm(act(dense x)) by a decoder that may be the words' table.
// Maps and norms without .weight and .bias, `bias` by its whole name.
struct MaskedHeadNames {
  std::string dense, norm, decoder, bias;
};

class EncoderTable {
 public:
  // Error where heads do not divide the width; `keys` are what config.json calls these two.
  EncoderTable(const Family& family, const EncoderNames& names, const EncoderSizes& sizes,
               const Ablation& ablation, const std::pair<const char*, const char*>& keys);

  // tanh of a map of the first token.
  void add_pooler(const std::string& map);
  // Where it is not tied, the decoder may have a bias beside the head's.
  void add_masked_head(const MaskedHeadNames& head, bool tied, bool own_bias);
  // With the other heads of `parts`.
  Symmetries build(const nlohmann::json& config, const Parts& parts) &&;

 private:
  void add_axes();
  void add_embeddings();
  void add_layer(std::int64_t i);
  // What layer i shows where it is the n-th that is applied.
  void add_taps(std::int64_t i, std::int64_t n);
  // The axis of the stream after layer i, or of the embeddings (-1), and after i's attention: x, or
  // in the ablation one for every LayerNorm output.
  std::string stream(std::int64_t i) const;
  std::string middle(std::int64_t i) const;
  // The norm that stream(i) comes from; empty where it comes from none.
  std::string norm(std::int64_t i) const;
  bool projects() const { return !names_.projection.empty(); }
  bool by_distance() const { return !names_.distances.table.empty() && names_.distances.used(); }
  // The axis of the words.
  std::string words() const { return projects() ? "e" : stream(-1); }
  std::int64_t last() const { return sizes_.layers - 1; }

  const Family& family_;
  const EncoderNames names_;
  const EncoderSizes sizes_;
  const Ablation ablation_;
  bool pooled_ = false;
  SymmetriesBuilder table_;
};

// That head's pass. `activation`: the formula of its own, or the network's where there is none.
Head masked_head(const MaskedHeadNames& names, const std::string& words,
                 std::optional<Activation> activation = {});

// Its ties, where config.json has some: the decoder to the words and, unless the two are one, its
// bias to the head's.
std::vector<Tie> masked_head_ties(const MaskedHeadNames& names, const std::string& words,
                                  const nlohmann::json& config);

// Error where config.json makes a decoder of the encoder, or has relative positions.
void check_encoder(const nlohmann::json& config);

}  // namespace braid
