#include "braid/models/bert.h"

#include <algorithm>
#include <array>

#include "braid/architectures/architecture.h"
#include "braid/error.h"

namespace braid {
namespace {

at::Tensor linear(const Tensors& parameters, const std::string& name, const at::Tensor& x) {
  return at::linear(x, parameters.at(name + ".weight"), parameters.at(name + ".bias"));
}

void tap_if(const TapFunction& tap, const std::string& name, const at::Tensor& features) {
  if (tap) tap(name, features);
}

at::Tensor drop(const Dropout* dropout, const at::Tensor& x) {
  return dropout ? dropout->apply(x, dropout->hidden) : x;
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
      activation_(config.value("hidden_act", std::string("gelu"))) {
  constexpr std::array known = {"gelu", "gelu_new", "gelu_pytorch_tanh", "relu"};
  require(std::find(known.begin(), known.end(), activation_) != known.end(),
          "config.json: hidden_act '{}' is not supported; supported: {}", activation_,
          fmt::join(known, ", "));
}

at::Tensor Bert::activate(const at::Tensor& x) const {
  if (activation_ == "relu") return at::relu(x);
  return at::gelu(x, activation_ == "gelu" ? "none" : "tanh");
}

at::Tensor Bert::normalise(const Tensors& parameters, const std::string& name,
                           const at::Tensor& x) const {
  return at::layer_norm(x, {x.size(-1)}, parameters.at(name + ".weight"),
                        parameters.at(name + ".bias"), epsilon_);
}

// Multi-head self-attention before its output projection: (B, T, hidden).
at::Tensor Bert::attend(const Tensors& parameters, const std::string& layer, const at::Tensor& x,
                        const at::Tensor& mask, const std::string& name, const TapFunction& tap,
                        const Dropout* dropout) const {
  const auto split = [&](const at::Tensor& units) {  // (B, T, d) -> (B, H, T, d / H)
    return units.unflatten(-1, {heads_, -1}).transpose(1, 2);
  };
  const at::Tensor query = linear(parameters, layer + "attention.self.query", x);
  tap_if(tap, name + "query", query);
  const at::Tensor key = linear(parameters, layer + "attention.self.key", x);
  tap_if(tap, name + "key", key);
  const at::Tensor value = linear(parameters, layer + "attention.self.value", x);
  std::optional<at::Tensor> visible;
  if (mask.defined()) visible = mask;
  const auto attention = [&] {
    if (!dropout || dropout->attention <= 0) {
      return at::scaled_dot_product_attention(split(query), split(key), split(value), visible);
    }
    // The fused kernel draws from a generator that all threads share.
    const at::Tensor q = split(query);
    at::Tensor scores =
        at::matmul(q / std::sqrt(static_cast<double>(q.size(-1))), split(key).transpose(-1, -2));
    if (visible) {
      scores = scores.masked_fill(~*visible, -std::numeric_limits<double>::infinity());
    }
    return at::matmul(dropout->apply(at::softmax(scores, -1), dropout->attention), split(value));
  };
  const at::Tensor context = attention().transpose(1, 2).flatten(2);
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
    const at::Tensor ffn = activate(linear(parameters, layer + "intermediate.dense", x));
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
                activate(linear(parameters, "cls.predictions.transform.dense", hidden)));
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
