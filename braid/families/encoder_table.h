// EncoderTable: the symmetry table of post-LN encoders, with the paper's ablations.
#pragma once

#include "braid/families/rules.h"
#include "braid/networks/encoder.h"

namespace braid {

struct EncoderSizes {
  std::int64_t layers = 0, heads = 0, width = 0, ffn = 0;
  std::int64_t words = 0, positions = 0, types = 0;  // rows of tables; types = 0: no such table
  Activation activation;
  std::int64_t embedding = 0;     // width of the word embeddings, if projected into the stream
  std::int64_t applications = 0;  // of the last layer, if more than one
};

// BERT's names, kept by its descendants.
EncoderNames names_of_bert();

// The head that predicts tokens: decoder(LayerNorm(act(dense x))), where the decoder may be tied to
// the word embeddings. Maps and norms without .weight and .bias; `bias` is a full name.
struct MaskedHeadNames {
  std::string dense, norm, decoder, bias;
};

class EncoderTable {
 public:
  // Error if the number of heads does not divide the width; `keys`: config.json keys of width and
  // heads.
  EncoderTable(const Family& family, const EncoderNames& names, const EncoderSizes& sizes,
               const Ablation& ablation, const std::pair<const char*, const char*>& keys);

  // tanh of a map of the first token.
  void add_pooler(const std::string& map);
  // `own_bias`: an untied decoder has its own bias besides the head's.
  void add_masked_head(const MaskedHeadNames& head, bool tied, bool own_bias);
  // Adds the other heads of `parts`.
  Symmetries build(const nlohmann::json& config, const Parts& parts) &&;

 private:
  void add_axes();
  void add_embeddings();
  void add_layer(std::int64_t i);
  // Taps of layer i as the n-th layer applied.
  void add_taps(std::int64_t i, std::int64_t n);
  // The axis of the stream after layer i (-1: the embeddings), and after i's attention: x, or in
  // the ablation one per LayerNorm output.
  std::string stream(std::int64_t i) const;
  std::string middle(std::int64_t i) const;
  // The norm whose output is stream(i); empty if it is not a norm's output.
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

// The forward pass of that head. `activation`: its own; by default the network's.
Head masked_head(const MaskedHeadNames& names, const std::string& words,
                 std::optional<Activation> activation = {});

// Its ties, if config.json ties: the decoder to the word embeddings and the decoder's bias to the
// head's, unless that is the same tensor.
std::vector<Tie> masked_head_ties(const MaskedHeadNames& names, const std::string& words,
                                  const nlohmann::json& config);

// Error if config.json turns the encoder into a decoder or has relative positions.
void check_encoder(const nlohmann::json& config);

}  // namespace braid
