// PreNorm: a Transformer without norms on its residual stream: branches read it through a norm
// (Radford et al. 2019, Touvron et al. 2023, Warner et al. 2024), or have norms on their outputs
// (OLMo et al. 2024).
#pragma once

#include "braid/networks/network.h"
#include "braid/networks/rotary.h"

namespace braid {

// Names of its parameters: full names of tables; maps and norms without .weight and .bias; or
// empty.
struct PreNormNames {
  std::string words = {}, positions = {}, types = {};  // tables
  // For images instead: a convolution over patches, tokens before these, (1, 1, width) each, and
  // positions (1, T, width).
  std::string patches = {};
  std::vector<std::string> first_tokens = {};
  std::string embedding_norm = {};
  std::string layer;  // prefix of a layer's names, * for its index
  std::string attention_norm;
  std::vector<std::string> query_key_value;    // three maps, or one fused
  std::string query_norm = {}, key_norm = {};  // per head or over all units, before rotation
  std::string attention_output, ffn_norm;
  std::string ffn_gate = {};  // multiplies ffn_in; the activation is applied to the gate
  std::string ffn_in, ffn_out;
  std::string norm;  // after the last layer

  std::string in_layer(std::int64_t i, const std::string& name) const;
};

// Variants, besides names and sizes.
struct PreNormForm {
  bool causal = true;          // tokens only attend to previous ones
  bool input_first = false;    // maps are stored (in, out)
  bool heads_first = false;    // the fused map is ordered head by head: query, key, value of each
  bool parallel = false;       // both branches of a layer read the same (Wang & Komatsuzaki 2021)
  bool gate_behind = false;    // ffn_in is two fused maps: the activated gate, then the linear half
  bool norms_after = false;    // norms are on branch outputs, not inputs
  bool first_normed = true;    // the first layer's attention has an input norm
  std::int64_t key_heads = 0;  // of keys and values; 0 = the number of query heads
  // `rotary` of all layers or, if `windowed_rotary` is set, of those without a window.
  std::optional<Rotary> rotary = {}, windowed_rotary = {};
  std::vector<std::int64_t> windows = {};  // Visibility's window by layer; empty = none
};

class PreNorm final : public Network {
 public:
  PreNorm(Sizes sizes, PreNormNames names, PreNormForm form, HeadParts parts)
      : Network(std::move(sizes), std::move(parts)),
        names_(std::move(names)),
        form_(std::move(form)) {}

  // REQUIRES padding on the right if causal: then the mask is not needed and ignored.
  at::Tensor encode(const Tensors& parameters, const Batch& batch, const Taps& taps = {},
                    const Dropout* dropout = nullptr) const override;
  bool is_causal() const override { return form_.causal; }
  std::map<std::string, std::string> beyond_shapes() const override;

 private:
  struct Layer;

  std::int64_t key_heads() const { return form_.key_heads > 0 ? form_.key_heads : sizes_.heads; }
  std::int64_t window(std::int64_t layer) const;
  // Rotary embedding of a layer; null if none.
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
