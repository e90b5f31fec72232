// BERT's forward pass (Devlin et al. 2019), as Hugging Face computes it.
#pragma once

#include "braid/models/layers.h"

namespace braid {

class Bert final : public Network {
 public:
  explicit Bert(const nlohmann::json& config);

  at::Tensor encode(const Tensors& parameters, const Batch& batch, const TapFunction& tap = {},
                    const Dropout* dropout = nullptr) const override;
  at::Tensor token_features(const Tensors& parameters, const at::Tensor& hidden,
                            const TapFunction& tap = {}) const override;
  at::Tensor decode(const Tensors& parameters, const at::Tensor& features) const override;
  at::Tensor pool(const Tensors& parameters, const at::Tensor& hidden,
                  const TapFunction& tap = {}) const override;
  at::Tensor sentence_logits(const Tensors& parameters, const at::Tensor& pooled) const override;

  bool has_token_head(const Tensors& parameters) const override;
  bool has_pooler(const Tensors& parameters) const override;
  bool has_sentence_head(const Tensors& parameters) const override;
  std::int64_t vocabulary_size() const override { return vocabulary_; }
  std::int64_t max_positions() const override { return positions_; }

 private:
  at::Tensor attend(const Tensors& parameters, const std::string& layer, const at::Tensor& x,
                    const at::Tensor& mask, const std::string& name, const TapFunction& tap,
                    const Dropout* dropout) const;
  at::Tensor normalise(const Tensors& parameters, const std::string& name,
                       const at::Tensor& x) const;

  std::int64_t layers_, heads_, vocabulary_, positions_;
  double epsilon_;
  Activation activate_;
};

}  // namespace braid
