// GPT-2's forward pass (Radford et al. 2019), as Hugging Face computes it.
#pragma once

#include "braid/models/layers.h"

namespace braid {

class Gpt2 final : public Network {
 public:
  explicit Gpt2(const nlohmann::json& config);

  // Padding stands on the right, where causal attention never looks: the mask is not read.
  at::Tensor encode(const Tensors& parameters, const Batch& batch, const TapFunction& tap = {},
                    const Dropout* dropout = nullptr) const override;
  at::Tensor token_features(const Tensors& parameters, const at::Tensor& hidden,
                            const TapFunction& tap = {}) const override;
  at::Tensor decode(const Tensors& parameters, const at::Tensor& features) const override;

  bool is_causal() const override { return true; }
  bool has_token_head(const Tensors& parameters) const override;
  std::int64_t vocabulary_size() const override { return vocabulary_; }
  std::int64_t max_positions() const override { return positions_; }

 private:
  at::Tensor attend(const Tensors& parameters, const std::string& layer, const at::Tensor& x,
                    const std::string& name, const TapFunction& tap, const Dropout* dropout) const;

  std::int64_t layers_, heads_, vocabulary_, positions_;
  double epsilon_;
  Activation activate_;
  bool tied_;
};

}  // namespace braid
