#include "braid/networks/layers.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "braid/error.h"
#include "braid/json/json_field.h"

namespace braid {
namespace {

// (T, T) bool: whether the row's token attends to the column's.
at::Tensor in_sight(std::int64_t length, bool causal, std::int64_t window,
                    const at::Device& device) {
  const at::Tensor all =
      at::ones({length, length}, at::TensorOptions().dtype(at::kBool).device(device));
  if (window == 0) return causal ? all.tril() : all;
  return causal ? all.tril().triu(1 - window) : all.tril(window).triu(-window);
}

// The parameter of this name, if present.
std::optional<at::Tensor> optional(const Tensors& parameters, const std::string& name) {
  const auto found = parameters.find(name);
  return found == parameters.end() ? std::nullopt : std::optional(found->second);
}

std::optional<at::Tensor> bias_of(const Tensors& parameters, const std::string& name) {
  return optional(parameters, name + ".bias");
}

}  // namespace

at::Tensor Dropout::apply(const at::Tensor& x, double probability) const {
  if (probability <= 0) return x;
  const at::Tensor kept = at::empty_like(x).bernoulli_(1 - probability, generator);
  return x * kept.div_(1 - probability);
}

Activation::Activation(const nlohmann::json& config, const char* key, const char* fallback)
    : formula_(JsonField(config, "config.json").text(key, fallback)) {
  constexpr std::array known = {"gelu", "gelu_new", "gelu_pytorch_tanh", "relu", "silu", "swish"};
  require(std::find(known.begin(), known.end(), formula_) != known.end(),
          "config.json: {} '{}' is not supported; supported: {}", key, formula_,
          fmt::join(known, ", "));
  if (formula_.starts_with("gelu_")) formula_ = "gelu tanh";
  if (formula_ == "swish") formula_ = "silu";
}

at::Tensor Activation::operator()(const at::Tensor& x) const {
  if (formula_ == "relu") return at::relu(x);
  if (formula_ == "silu") return at::silu(x);
  if (formula_ == "tanh") return at::tanh(x);
  return at::gelu(x, formula_ == "gelu" ? "none" : "tanh");
}

double ScoreScale::operator()(std::int64_t units, std::int64_t layer) const {
  if (terms > 0) return 1.0 / std::sqrt(static_cast<float>(units * terms));
  return (by_units ? 1 / std::sqrt(static_cast<double>(units)) : 1.0) /
         (by_layer ? static_cast<double>(layer + 1) : 1.0);
}

at::Tensor attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                     std::int64_t heads, double scale, const Visibility& visible,
                     const Dropout* dropout) {
  const std::int64_t units = query.size(-1) / heads;
  const auto split = [&](const at::Tensor& x) {  // (B, T, H units) -> (B, heads, T, units)
    const at::Tensor own = x.unflatten(-1, {-1, units}).transpose(1, 2);
    return own.size(1) == heads ? own : own.repeat_interleave(heads / own.size(1), 1);
  };
  const at::Tensor q = split(query), k = split(key), v = split(value);
  const bool windowed = visible.window > 0 && visible.window < q.size(2);
  const bool fused = !dropout || dropout->attention <= 0, biased = visible.bias.defined();
  constexpr double hidden = -std::numeric_limits<double>::infinity();
  at::Tensor mask = visible.mask;
  if (windowed || (visible.causal && (biased || !fused))) {
    const at::Tensor near =
        in_sight(q.size(2), visible.causal, windowed ? visible.window : 0, q.device());
    mask = mask.defined() ? mask.logical_and(near) : near;
    // Padding far from any text attends to itself: a softmax over nothing is NaN.
    if (visible.mask.defined()) mask = mask.logical_or(at::eye(q.size(2), mask.options()));
  }
  at::Tensor context;
  if (fused) {
    at::Tensor added = mask;
    if (biased) added = mask.defined() ? at::where(mask, visible.bias, hidden) : visible.bias;
    context = at::scaled_dot_product_attention(
        q, k, v, added.defined() ? std::optional(added) : std::nullopt, 0.0,
        visible.causal && !windowed && !biased, scale);
  } else {
    // Not the fused kernel, which uses a generator shared by all threads.
    at::Tensor scores = at::matmul(q * scale, k.transpose(-1, -2));
    if (biased) scores = scores + visible.bias;
    if (mask.defined()) scores = scores.masked_fill(~mask, hidden);
    context = at::matmul(dropout->apply(at::softmax(scores, -1), dropout->attention), v);
  }
  return context.transpose(1, 2).flatten(2);
}

at::Tensor linear(const Tensors& parameters, const std::string& name, const at::Tensor& x) {
  return at::linear(x, parameters.at(name + ".weight"), bias_of(parameters, name));
}

at::Tensor linear_input_first(const Tensors& parameters, const std::string& name,
                              const at::Tensor& x) {
  const at::Tensor y = at::matmul(x, parameters.at(name + ".weight"));
  const auto bias = bias_of(parameters, name);
  return bias ? y + *bias : y;
}

at::Tensor normalised(const Tensors& parameters, const std::string& name, const at::Tensor& x,
                      Norm norm, double epsilon) {
  const std::optional<at::Tensor> gain = optional(parameters, name + ".weight");
  if (norm == Norm::layer) {
    return at::layer_norm(x, {x.size(-1)}, gain, bias_of(parameters, name), epsilon);
  }
  const at::Tensor y = at::rms_norm(x, {x.size(-1)}, gain, epsilon);
  const auto bias = bias_of(parameters, name);
  return bias ? y + *bias : y;
}

}  // namespace braid
