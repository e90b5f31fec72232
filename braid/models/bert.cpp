#include "braid/models/bert.h"

#include "braid/architectures/architecture.h"

namespace braid {
namespace {

at::Tensor linear(const Tensors& parameters, const std::string& name, const at::Tensor& x) {
  return at::linear(x, parameters.at(name + ".weight"), parameters.at(name + ".bias"));
}

// The classifier's name, or next-sentence prediction's, which has the same shape.
const char* sentence_head(const Tensors& parameters) {
  for (const char* name : {"classifier", "cls.seq_relationship"}) {
    if (parameters.contains(std::string(name) + ".weight")) return name;
  }
  return nullptr;
}

}  // namespace

Bert::Bert(const nlohmann::json& config)
    : layers_(config_size(config, "num_hidden_layers")),
      heads_(config_size(config, "num_attention_heads")),
      vocabulary_(config_size(config, "vocab_size", 30522)),
      positions_(config_size(config, "max_position_embeddings", 512)),
      epsilon_(config.value("layer_norm_eps", 1e-12)),
      activate_(config, "hidden_act", "gelu") {}

at::Tensor Bert::normalise(const Tensors& parameters, const std::string& name,
                           const at::Tensor& x) const {
  return layer_norm(parameters, name, x, epsilon_);
}

// Multi-head self-attention before its output projection: (B, T, hidden).
at::Tensor Bert::attend(const Tensors& parameters, const std::string& layer, const at::Tensor& x,
                        const at::Tensor& mask, const std::string& name, const TapFunction& tap,
                        const Dropout* dropout) const {
  const at::Tensor query = linear(parameters, layer + "attention.self.query", x);
  tap_if(tap, name + "query", query);
  const at::Tensor key = linear(parameters, layer + "attention.self.key", x);
  tap_if(tap, name + "key", key);
  const at::Tensor value = linear(parameters, layer + "attention.self.value", x);
  const at::Tensor context = attention(query, key, value, heads_, {mask}, dropout);
  tap_if(tap, name + "attention", context);
  return context;
}

at::Tensor Bert::encode(const Tensors& parameters, const Batch& batch, const TapFunction& tap,
                        const Dropout* dropout) const {
  const std::int64_t length = batch.input_ids.size(1);
  const at::Tensor& types = parameters.at("embeddings.token_type_embeddings.weight");
  at::Tensor x = at::embedding(parameters.at("embeddings.word_embeddings.weight"), batch.input_ids);
  x = x + parameters.at("embeddings.position_embeddings.weight").narrow(0, 0, length);
  x = x + (batch.token_type_ids.defined() ? at::embedding(types, batch.token_type_ids)
                                          : types.narrow(0, 0, 1).unsqueeze(0));
  x = drop(dropout, normalise(parameters, "embeddings.LayerNorm", x));
  tap_if(tap, "embeddings", x);

  at::Tensor mask;  // (B, 1, T, T) view of the padding mask
  if (batch.attention_mask.defined()) {
    mask = batch.attention_mask.unsqueeze(1).unsqueeze(1).expand({-1, 1, length, -1});
  }
  for (std::int64_t i = 0; i < layers_; ++i) {
    const std::string layer = "encoder.layer." + std::to_string(i) + ".";
    const std::string name = "layer." + std::to_string(i) + ".";
    const at::Tensor context = attend(parameters, layer, x, mask, name, tap, dropout);
    x = normalise(parameters, layer + "attention.output.LayerNorm",
                  drop(dropout, linear(parameters, layer + "attention.output.dense", context)) + x);
    tap_if(tap, name + "attention_norm", x);
    const at::Tensor ffn = activate_(linear(parameters, layer + "intermediate.dense", x));
    tap_if(tap, name + "ffn", ffn);
    x = normalise(parameters, layer + "output.LayerNorm",
                  drop(dropout, linear(parameters, layer + "output.dense", ffn)) + x);
    tap_if(tap, name + "output_norm", x);
  }
  return x;
}

at::Tensor Bert::token_features(const Tensors& parameters, const at::Tensor& hidden,
                                const TapFunction& tap) const {
  const at::Tensor transformed =
      normalise(parameters, "cls.predictions.transform.LayerNorm",
                activate_(linear(parameters, "cls.predictions.transform.dense", hidden)));
  tap_if(tap, "head", transformed);
  return transformed;
}

at::Tensor Bert::decode(const Tensors& parameters, const at::Tensor& features) const {
  const auto untied = parameters.find("cls.predictions.decoder.weight");
  const at::Tensor& decoder = untied == parameters.end()
                                  ? parameters.at("embeddings.word_embeddings.weight")
                                  : untied->second;
  const auto own_bias = parameters.find("cls.predictions.decoder.bias");
  return at::linear(
      features, decoder,
      own_bias == parameters.end() ? parameters.at("cls.predictions.bias") : own_bias->second);
}

at::Tensor Bert::pool(const Tensors& parameters, const at::Tensor& hidden,
                      const TapFunction& tap) const {
  const at::Tensor pooled = at::tanh(linear(parameters, "pooler.dense", hidden.select(1, 0)));
  tap_if(tap, "pooler", pooled);
  return pooled;
}

at::Tensor Bert::sentence_logits(const Tensors& parameters, const at::Tensor& pooled) const {
  return linear(parameters, sentence_head(parameters), pooled);
}

bool Bert::has_token_head(const Tensors& parameters) const {
  return parameters.contains("cls.predictions.bias");
}

bool Bert::has_pooler(const Tensors& parameters) const {
  return parameters.contains("pooler.dense.weight");
}

bool Bert::has_sentence_head(const Tensors& parameters) const {
  return has_pooler(parameters) && sentence_head(parameters) != nullptr;
}

}  // namespace braid
