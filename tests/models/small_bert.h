// A small BERT with random parameters of every kind, large enough for every axis to matter.
#pragma once

#include "braid/models/model.h"
#include "braid/random.h"

namespace braid {

struct SmallBert {
  std::int64_t layers = 2, hidden = 24, heads = 3, intermediate = 40, vocabulary = 37,
               positions = 16;
  bool tied = true, pooler = false, classifier = false, masked_lm = true;
  std::string activation = "gelu";
  std::uint64_t seed = 1;

  nlohmann::json config() const {
    return {{"model_type", "bert"},
            {"hidden_size", hidden},
            {"num_hidden_layers", layers},
            {"num_attention_heads", heads},
            {"intermediate_size", intermediate},
            {"vocab_size", vocabulary},
            {"max_position_embeddings", positions},
            {"type_vocab_size", 2},
            {"hidden_act", activation},
            {"layer_norm_eps", 1e-12},
            {"num_labels", 3},
            {"tie_word_embeddings", tied}};
  }

  Model model(const Ablation& ablation = {}) const {
    std::set<std::string> parts;
    if (masked_lm) parts.insert("cls.predictions.bias");
    if (pooler) parts.insert({"pooler.dense.weight", "cls.seq_relationship.weight"});
    if (classifier) parts.insert("classifier.weight");
    Model model;
    model.config = config();
    const Architecture& family = find_architecture(model.config, "small");
    model.ties = family.ties(model.config);
    model.symmetries = family.describe(model.config, {parts}, ablation);
    model.network = make_network(model.config);
    Random random(seed);
    for (const auto& [name, pattern] : model.symmetries.tensors) {
      at::Tensor tensor = at::empty(model.symmetries.shape(pattern), at::kDouble);
      const bool gain = name.ends_with("LayerNorm.weight");
      for (std::int64_t i = 0; i < tensor.numel(); ++i) {
        tensor.data_ptr<double>()[i] = (gain ? 1 : 0) + 0.3 * random.normal();
      }
      model.parameters[name] = tensor;
      const bool prefixed =
          masked_lm && !name.starts_with("cls") && !name.starts_with("classifier");
      model.stored_names[name] = (prefixed ? "bert." : "") + name;
    }
    model.folder = "small";
    return model;
  }
};

inline at::Tensor random_ids(std::int64_t sequences, std::int64_t length, std::int64_t vocabulary,
                             std::uint64_t seed) {
  Random random(seed);
  at::Tensor ids = at::empty({sequences, length}, at::kLong);
  for (std::int64_t i = 0; i < ids.numel(); ++i) {
    ids.data_ptr<std::int64_t>()[i] = random.below(vocabulary);
  }
  return ids;
}

inline double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

}  // namespace braid
