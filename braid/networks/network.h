// Network: a model's forward pass, a pure function of the parameters. No hooks: the pass itself
// reports features under the names of the taps in the model's symmetry table.
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
  at::Tensor position_ids{};    // (B, T) int64; undefined = 0, 1, ... in every row
  at::Tensor pixels{};          // (B, C, H, W): images; then the others are undefined

  std::int64_t rows() const { return pixels.defined() ? pixels.size(0) : input_ids.size(0); }
  Batch to(at::Device device) const;
};

// (B, 1, T, T) bool view of the padding mask, true if the column's token is not padding. Undefined
// without padding.
at::Tensor seen_tokens(const Batch& batch);

// Requested taps, and the receiver of their features: (B, T, units), the pooler's (B, units).
struct Taps {
  std::set<std::string> names;
  std::function<void(const std::string& name, const at::Tensor& features)> take;

  bool want(const std::string& name) const { return names.contains(name); }
  void operator()(const std::string& name, const at::Tensor& features) const {
    if (want(name)) take(name, features);
  }
};

// Requested outputs of a pass, besides hidden states and taps.
struct Wanted {
  std::set<Predicts> heads = {};
  // Compute heads on tokens only for these indices into the flattened (B * T) tokens, (n, outputs);
  // undefined = all, (B, T, outputs).
  at::Tensor positions = {};
  bool pooled = false;
};

struct Outputs {
  at::Tensor hidden;  // (B, T, width)
  at::Tensor pooled;  // (B, width) if requested
  std::map<Predicts, at::Tensor> heads;
};

// A Transformer's settings in config.json, independent of its keys.
struct Sizes {
  std::int64_t layers = 0, heads = 0, vocabulary = 0, positions = 0;
  std::int64_t types = 0;  // token types
  double epsilon = 0;      // of norms
  Activation activation;
  ScoreScale scores = {};
  std::optional<std::int64_t> pad = {};  // padding token, never a text's last token
  Norm norm = Norm::layer;
  std::vector<std::int64_t> image = {};  // (C, H, W) of its input; empty if it reads tokens
  std::int64_t first_place = 0;          // the first token's row in the position table
  // Padding token without a position: other tokens' positions start after its id (Liu et al. 2019).
  std::optional<std::int64_t> uncounted = {};
};

// A model's heads, and the pooler that some of them read.
struct HeadParts {
  std::vector<Head> heads;
  std::string pooler;           // <pooler>.weight, <pooler>.bias; empty = none
  bool returns_stream = false;  // a bare stack: hidden states and pooled features are its output
};

class Network {
 public:
  virtual ~Network() = default;

  // Hidden states (B, T, width), in the dtype shared by all parameters. No dropout unless `dropout`
  // is given.
  virtual at::Tensor encode(const Tensors& parameters, const Batch& batch, const Taps& taps = {},
                            const Dropout* dropout = nullptr) const = 0;

  // The hidden states and the requested outputs only. REQUIRES that these heads and pooler exist.
  Outputs run(const Tensors& parameters, const Batch& batch, const Wanted& wanted,
              const Taps& taps = {}, const Dropout* dropout = nullptr) const;
  // The outputs of one head.
  at::Tensor predict(const Tensors& parameters, const Batch& batch, Predicts kind,
                     const at::Tensor& positions = {}, const Dropout* dropout = nullptr) const;

  // The head of a kind; null if there is none.
  const Head* head(Predicts kind) const;
  const std::vector<Head>& heads() const { return parts_.heads; }
  bool has_pooler() const { return !parts_.pooler.empty(); }
  bool returns_stream() const { return parts_.returns_stream; }

  // Settings that affect the pass but not the shapes of tensors, by name.
  virtual std::map<std::string, std::string> beyond_shapes() const;

  // True if tokens only attend to previous ones. The token head then predicts the next token,
  // otherwise the token itself.
  virtual bool is_causal() const { return false; }
  const Sizes& sizes() const { return sizes_; }
  std::int64_t vocabulary_size() const { return sizes_.vocabulary; }
  std::int64_t max_positions() const { return sizes_.positions; }
  std::int64_t token_types() const { return sizes_.types; }
  // (C, H, W); empty if it reads tokens.
  const std::vector<std::int64_t>& image_shape() const { return sizes_.image; }
  bool reads_images() const { return !sizes_.image.empty(); }
  // Tokens per sequence in the pass: for images, patches and the special tokens before them.
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

  // Position embeddings for the batch: rows of `table`, broadcastable to (B, T, width).
  at::Tensor rows_of_positions(const at::Tensor& table, const Batch& batch) const;

  const Sizes sizes_;

 private:
  // (B, width): the last non-padding token of each text.
  at::Tensor last_tokens(const at::Tensor& hidden, const Batch& batch) const;
  at::Tensor features(const Tensors& parameters, const Head& head, const at::Tensor& read,
                      const Taps& taps) const;

  const HeadParts parts_;
};

// "layer.<i>.<name>": name of a layer's tap or axis, in every family.
std::string of_layer(std::int64_t i, const std::string& name);

// `pattern` with its * replaced by the index.
std::string with_index(const std::string& pattern, std::int64_t i);

// free: a bare stack may return its units in any order or basis.
enum class Frame { fixed, free };

struct Output {
  std::string name;   // "vocabulary logits"
  at::Tensor values;  // (..., outputs)
};

// All outputs of a model for a batch: of every head, and hidden states and pooled features that no
// head reads. The latter are themselves only if the model returns them and the frame is fixed;
// otherwise their inner products, which do not depend on the order or basis of units.
std::vector<Output> all_outputs(const Network& network, const Tensors& parameters,
                                const Batch& batch, Frame frame);

// Tokens per sequence: `requested` by `option` or, by default, the smaller of `fallback` and the
// network's positions. Error if more than these are requested.
std::int64_t sequence_length(const Network& network, const std::optional<std::int64_t>& requested,
                             std::int64_t fallback, const char* option);

// Error naming an id outside the network's vocabulary.
void check_token_ids(const Network& network, const at::Tensor& ids);
// Also checks types, positions and length, or the shape of images.
void check_tokens(const Network& network, const Batch& batch);

}  // namespace braid
