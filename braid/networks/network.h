// Network: a model's forward pass, a pure function of the parameters. Nothing is hooked: the pass
// hands out features under the names of the taps in the model's symmetry table.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "braid/networks/heads.h"
#include "braid/networks/layers.h"

namespace braid {

struct Batch {
  at::Tensor input_ids{};       // (B, T) int64
  at::Tensor attention_mask{};  // (B, T) bool, true = token; undefined = no padding
  at::Tensor token_type_ids{};  // (B, T) int64; undefined = zeros
  at::Tensor position_ids{};    // (B, T) int64; undefined = one after another in every row
  at::Tensor pixels{};          // (B, C, H, W): images, and nothing of the above

  std::int64_t rows() const { return pixels.defined() ? pixels.size(0) : input_ids.size(0); }
  Batch to(at::Device device) const;
};

// (B, 1, T, T) bool view of the padding mask: may the token of a row look at that of a column?
// Undefined where nothing is padded.
at::Tensor seen_tokens(const Batch& batch);

// Which taps are wanted, and where their features go: (B, T, units), the pooler's (B, units).
struct Taps {
  std::set<std::string> names;
  std::function<void(const std::string& name, const at::Tensor& features)> take;

  bool want(const std::string& name) const { return names.contains(name); }
  void operator()(const std::string& name, const at::Tensor& features) const {
    if (want(name)) take(name, features);
  }
};

// What a pass is run for, besides the hidden states and the taps.
struct Wanted {
  std::set<Predicts> heads = {};
  // Heads that read tokens answer for these alone, counted through the batch, (n, outputs);
  // undefined = all, (B, T, outputs).
  at::Tensor positions = {};
  bool pooled = false;
};

struct Outputs {
  at::Tensor hidden;  // (B, T, width)
  at::Tensor pooled;  // (B, width) where it was wanted
  std::map<Predicts, at::Tensor> heads;
};

// What config.json says of a Transformer, whatever its keys are called.
struct Sizes {
  std::int64_t layers = 0, heads = 0, vocabulary = 0, positions = 0;
  std::int64_t types = 0;  // of tokens
  double epsilon = 0;      // of norms
  Activation activation;
  ScoreScale scores = {};
  std::optional<std::int64_t> pad = {};  // the token that no text ends with
  Norm norm = Norm::layer;
  std::vector<std::int64_t> image = {};  // (C, H, W) of what it reads; empty: it reads tokens
  std::int64_t first_place = 0;          // the row of the positions' table that the first token has
  // The token that takes no place: the others' are counted from behind its id (Liu et al. 2019).
  std::optional<std::int64_t> uncounted = {};
};

// The heads that a model has, and the pooler that some of them read.
struct HeadParts {
  std::vector<Head> heads;
  std::string pooler;           // <pooler>.weight, <pooler>.bias; empty = none
  bool returns_stream = false;  // a bare stack: hidden states and pooled features are its output
};

class Network {
 public:
  virtual ~Network() = default;

  // Hidden states (B, T, width). All parameters have one floating dtype, which is the result's.
  // Dropped out only where `dropout` is given.
  virtual at::Tensor encode(const Tensors& parameters, const Batch& batch, const Taps& taps = {},
                            const Dropout* dropout = nullptr) const = 0;

  // The hidden states and what was asked for, no more. REQUIRES the wanted heads and pooler.
  Outputs run(const Tensors& parameters, const Batch& batch, const Wanted& wanted,
              const Taps& taps = {}, const Dropout* dropout = nullptr) const;
  // The outputs of one head.
  at::Tensor predict(const Tensors& parameters, const Batch& batch, Predicts what,
                     const at::Tensor& positions = {}, const Dropout* dropout = nullptr) const;

  // The head of a kind; null without one.
  const Head* head(Predicts what) const;
  const std::vector<Head>& heads() const { return parts_.heads; }
  bool has_pooler() const { return !parts_.pooler.empty(); }
  bool returns_stream() const { return parts_.returns_stream; }

  // What the pass depends on and no tensor's shape tells, by name.
  virtual std::map<std::string, std::string> beyond_shapes() const;

  // Does the hidden state of a token see only what came before it? Then the head of tokens predicts
  // the next one, otherwise the token itself.
  virtual bool is_causal() const { return false; }
  const Sizes& sizes() const { return sizes_; }
  std::int64_t vocabulary_size() const { return sizes_.vocabulary; }
  std::int64_t max_positions() const { return sizes_.positions; }
  std::int64_t token_types() const { return sizes_.types; }
  // Of an image: (C, H, W); empty where it reads tokens.
  const std::vector<std::int64_t>& image_shape() const { return sizes_.image; }
  bool reads_images() const { return !sizes_.image.empty(); }
  // Tokens a sequence in the pass: an image is as many patches, and what stands before them.
  std::int64_t tokens(const Batch& batch) const {
    return reads_images() ? sizes_.positions : batch.input_ids.size(1);
  }

 protected:
  Network(Sizes sizes, HeadParts parts) : sizes_(std::move(sizes)), parts_(std::move(parts)) {}

  at::Tensor normalise(const Tensors& parameters, const std::string& name,
                       const at::Tensor& x) const {
    return normalised(parameters, name, x, sizes_.norm, sizes_.epsilon);
  }

  double score_scale(std::int64_t layer, const at::Tensor& query) const {
    return sizes_.scores(query.size(-1) / sizes_.heads, layer);
  }

  // What the positions of the tokens add: rows of `table`, which broadcast to (B, T, width).
  at::Tensor rows_of_positions(const at::Tensor& table, const Batch& batch) const;

  const Sizes sizes_;

 private:
  // (B, width): of each text the last token that counts.
  at::Tensor last_tokens(const at::Tensor& hidden, const Batch& batch) const;
  at::Tensor features(const Tensors& parameters, const Head& head, const at::Tensor& read,
                      const Taps& taps) const;

  const HeadParts parts_;
};

// "layer.<i>.<name>": what taps and axes of a layer are called, in every family.
std::string of_layer(std::int64_t i, const std::string& name);

// `pattern` with the index for its *.
std::string with_index(const std::string& pattern, std::int64_t i);

// May the units that a bare stack returns come in any order?
enum class Frame { fixed, free };

struct Output {
  std::string name;   // "vocabulary logits"
  at::Tensor values;  // (..., outputs)
};

// Everything that a model computes of a batch: what every head says, and the hidden states and
// pooled features that are read by none. Their units may be in any order unless the model returns
// them and the frame is fixed: then it is their inner products with each other.
std::vector<Output> all_outputs(const Network& network, const Tensors& parameters,
                                const Batch& batch, Frame frame);

// Tokens a sequence: what was asked for by `option`, or `usual`, or as many as the network has
// positions where that is fewer. Error where more were asked for.
std::int64_t sequence_length(const Network& network, const std::optional<std::int64_t>& asked,
                             std::int64_t usual, const char* option);

// Error naming an id that is not in the network's vocabulary.
void check_token_ids(const Network& network, const at::Tensor& ids);
// And the type, place or length that does not fit it, or the shape of images.
void check_tokens(const Network& network, const Batch& batch);

}  // namespace braid
