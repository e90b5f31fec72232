#include "braid/networks/layers.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "braid/error.h"
#include "braid/json/json_field.h"

namespace braid {

at::Tensor Dropout::apply(const at::Tensor& x, double probability) const {
  if (probability <= 0) return x;
  const at::Tensor kept = at::empty_like(x).bernoulli_(1 - probability, generator);
  return x * kept.div_(1 - probability);
}

Activation::Activation(const nlohmann::json& config, const char* key, const char* fallback)
    : formula_(JsonField(config, "config.json").text(key, fallback)) {
  constexpr std::array known = {"gelu", "gelu_new", "gelu_pytorch_tanh", "relu"};
  require(std::find(known.begin(), known.end(), formula_) != known.end(),
          "config.json: {} '{}' is not supported; supported: {}", key, formula_,
          fmt::join(known, ", "));
  if (formula_.starts_with("gelu_")) formula_ = "gelu tanh";
}

at::Tensor Activation::operator()(const at::Tensor& x) const {
  if (formula_ == "relu") return at::relu(x);
  return at::gelu(x, formula_ == "gelu" ? "none" : "tanh");
}

double ScoreScale::operator()(std::int64_t units, std::int64_t layer) const {
  return (by_units ? 1 / std::sqrt(static_cast<double>(units)) : 1.0) /
         (by_layer ? static_cast<double>(layer + 1) : 1.0);
}

at::Tensor attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                     std::int64_t heads, double scale, const Visibility& visible,
                     const Dropout* dropout) {
  const auto split = [&](const at::Tensor& units) {  // (B, T, d) -> (B, H, T, d / H)
    return units.unflatten(-1, {heads, -1}).transpose(1, 2);
  };
  const at::Tensor q = split(query), k = split(key), v = split(value);
  at::Tensor context;
  if (!dropout || dropout->attention <= 0) {
    std::optional<at::Tensor> mask;
    if (visible.mask.defined()) mask = visible.mask;
    context = at::scaled_dot_product_attention(q, k, v, mask, 0.0, visible.causal, scale);
  } else {
    // The fused kernel draws from a generator that all threads share.
    constexpr double hidden = -std::numeric_limits<double>::infinity();
    at::Tensor scores = at::matmul(q * scale, k.transpose(-1, -2));
    if (visible.mask.defined()) scores = scores.masked_fill(~visible.mask, hidden);
    if (visible.causal) {
      const std::int64_t length = scores.size(-1);
      const at::Tensor later =
          at::ones({length, length}, scores.options().dtype(at::kBool)).triu(1);
      scores = scores.masked_fill(later, hidden);
    }
    context = at::matmul(dropout->apply(at::softmax(scores, -1), dropout->attention), v);
  }
  return context.transpose(1, 2).flatten(2);
}

at::Tensor linear(const Tensors& parameters, const std::string& name, const at::Tensor& x) {
  return at::linear(x, parameters.at(name + ".weight"), parameters.at(name + ".bias"));
}

at::Tensor linear_input_first(const Tensors& parameters, const std::string& name,
                              const at::Tensor& x) {
  return at::matmul(x, parameters.at(name + ".weight")) + parameters.at(name + ".bias");
}

at::Tensor layer_norm(const Tensors& parameters, const std::string& name, const at::Tensor& x,
                      double epsilon) {
  return at::layer_norm(x, {x.size(-1)}, parameters.at(name + ".weight"),
                        parameters.at(name + ".bias"), epsilon);
}

}  // namespace braid
