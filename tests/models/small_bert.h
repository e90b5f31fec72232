// A small BERT with random parameters of every kind, large enough for every axis to matter.
#pragma once

#include "braid/models/model.h"
#include "braid/networks/sequences.h"
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

  Model model() const {
    Parts parts;
    if (masked_lm) parts.names.insert("masked LM");
    if (masked_lm && !tied) parts.names.insert("decoder bias");
    if (pooler) parts.names.insert({"pooler", "next sentence"});
    if (classifier) parts.names.insert("classifier");
    nlohmann::json full = config();
    full["architectures"] = {classifier            ? "BertForSequenceClassification"
                             : masked_lm && pooler ? "BertForPreTraining"
                             : masked_lm           ? "BertForMaskedLM"
                             : pooler              ? "BertForNextSentencePrediction"
                                                   : "BertModel"};
    return random_model(full, parts, seed);
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

// What a model reads: texts (sequences, length), or images.
inline Batch random_batch(const Network& network, std::int64_t sequences, std::int64_t length,
                          std::uint64_t seed) {
  if (!network.reads_images()) {
    return {random_ids(sequences, length, network.vocabulary_size(), seed)};
  }
  Random random(seed);
  std::vector<std::int64_t> shape = network.image_shape();
  shape.insert(shape.begin(), sequences);
  Batch batch;
  batch.pixels = at::empty(shape, at::kDouble);
  for (std::int64_t i = 0; i < batch.pixels.numel(); ++i) {
    batch.pixels.data_ptr<double>()[i] = random.normal();
  }
  return batch;
}

// One of them.
inline TokenSequence random_sequence(const Network& network, std::int64_t length,
                                     std::uint64_t seed) {
  const Batch batch = random_batch(network, 1, length, seed);
  TokenSequence sequence;
  if (network.reads_images()) {
    sequence.pixels = batch.pixels[0];
  } else {
    const auto* ids = batch.input_ids.const_data_ptr<std::int64_t>();
    sequence.ids = {ids, ids + length};
  }
  return sequence;
}

inline double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

// Logits of every token, by these parameters.
inline at::Tensor token_logits(const Model& model, const Tensors& parameters, const Batch& batch) {
  return model.network->predict(parameters, batch, Predicts::token);
}

}  // namespace braid
