// PreNorm: a Transformer whose stream runs past its norms: branches add to it what they make of a
// normed copy (Radford et al. 2019, Touvron et al. 2023, Warner et al. 2024), or what they make,
// normed (OLMo et al. 2024).
#pragma once

#include "braid/networks/network.h"
#include "braid/networks/rotary.h"

namespace braid {

// Where its parameters are: tables by their whole names, maps and norms without .weight and .bias.
// What is empty is not there.
struct PreNormNames {
  std::string words = {}, positions = {}, types = {};  // tables
  // Or of images: a convolution over patches, the tokens before them, (1, 1, width) each, and
  // positions (1, T, width).
  std::string patches = {};
  std::vector<std::string> first_tokens = {};
  std::string embedding_norm = {};
  std::string layer;  // what a layer's names begin with, * for its index
  std::string attention_norm;
  std::vector<std::string> query_key_value;    // three maps, or one of all
  std::string query_norm = {}, key_norm = {};  // of each head's units, or of all, before they turn
  std::string attention_output, ffn_norm;
  std::string ffn_gate = {};  // multiplies ffn_in, and it is the gate that is activated
  std::string ffn_in, ffn_out;
  std::string norm;  // after the last layer

  std::string in_layer(std::int64_t i, const std::string& name) const;
};

// What sets one from another beside names and sizes.
struct PreNormForm {
  bool causal = true;          // do tokens see only what came before them?
  bool input_first = false;    // maps are stored (in, out)
  bool heads_first = false;    // one map of all: the query, key and value of each head, in turn
  bool parallel = false;       // a layer's branches read the same (Wang & Komatsuzaki 2021)
  bool gate_behind = false;    // ffn_in is two maps in one: the activated one, then what it gates
  bool norms_after = false;    // a branch's norm is of what it adds, not of what it reads
  bool first_normed = true;    // does the first layer's attention read through a norm?
  std::int64_t key_heads = 0;  // of keys and values; 0 = as many as of queries
  // Of all layers, or of those without a window where these turn differently.
  std::optional<Rotary> rotary = {}, windowed_rotary = {};
  std::vector<std::int64_t> windows = {};  // Visibility's, of each layer; empty = none
};

class PreNorm final : public Network {
 public:
  PreNorm(Sizes sizes, PreNormNames names, PreNormForm form, HeadParts parts)
      : Network(std::move(sizes), std::move(parts)),
        names_(std::move(names)),
        form_(std::move(form)) {}

  // Padding stands on the right, where causal attention never looks: then the mask is not read.
  at::Tensor encode(const Tensors& parameters, const Batch& batch, const Taps& taps = {},
                    const Dropout* dropout = nullptr) const override;
  bool is_causal() const override { return form_.causal; }
  std::map<std::string, std::string> beyond_shapes() const override;

 private:
  struct Layer;

  std::int64_t key_heads() const { return form_.key_heads > 0 ? form_.key_heads : sizes_.heads; }
  std::int64_t window(std::int64_t layer) const;
  // That turns the queries and keys of a layer; null where none are.
  const Rotary* rotary(std::int64_t layer) const;

  at::Tensor embed(const Tensors& parameters, const Batch& batch) const;
  at::Tensor embed_images(const Tensors& parameters, const at::Tensor& pixels) const;
  at::Tensor map(const Layer& layer, const std::string& name, const at::Tensor& x) const;
  at::Tensor norm_units(const Layer& layer, const std::string& name, const at::Tensor& x) const;
  std::vector<at::Tensor> query_key_value(const Layer& layer, const at::Tensor& x) const;
  at::Tensor attend(const Layer& layer, const at::Tensor& x) const;
  at::Tensor feed_forward(const Layer& layer, const at::Tensor& x) const;

  const PreNormNames names_;
  const PreNormForm form_;
};

}  // namespace braid
