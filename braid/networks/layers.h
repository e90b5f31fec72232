// Layers shared by families, by the names of their parameters.
#pragma once

#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

#include <string>

#include "braid/checkpoint/tensors.h"

namespace braid {

// Dropout (Srivastava et al. 2014) in training: probabilities and random generator.
struct Dropout {
  double hidden = 0;     // of embeddings, branch outputs and features of heads
  double attention = 0;  // of attention probabilities
  mutable at::Generator generator;

  // x with each element dropped with `probability`, the others scaled up.
  at::Tensor apply(const at::Tensor& x, double probability) const;
};

inline at::Tensor drop(const Dropout* dropout, const at::Tensor& x) {
  return dropout ? dropout->apply(x, dropout->hidden) : x;
}

// A nonlinearity.
class Activation {
 public:
  // By formula, see below.
  explicit Activation(std::string formula) : formula_(std::move(formula)) {}
  // By Hugging Face's name in config.json: gelu, gelu_new, gelu_pytorch_tanh, relu, silu, swish.
  // Error naming the key and the choices.
  Activation(const nlohmann::json& config, const char* key, const char* fallback);
  at::Tensor operator()(const at::Tensor& x) const;
  // Canonical name of the function: gelu, gelu tanh, relu, silu, tanh.
  const std::string& formula() const { return formula_; }
  // f(-x) = -f(x)
  bool is_odd() const { return formula_ == "tanh"; }
  // f(c x) = c f(x) for c > 0
  bool is_homogeneous() const { return formula_ == "relu"; }

 private:
  std::string formula_;
};

// Which keys a query attends to.
struct Visibility {
  at::Tensor mask = {};  // bool, broadcastable to (B, heads, T, T); undefined = all
  bool causal = false;   // only itself and previous tokens
  // Causal: at most this many tokens including itself; otherwise: tokens at most this far on either
  // side. 0 = no limit.
  std::int64_t window = 0;
  at::Tensor bias = {};  // added to scores, broadcastable likewise; undefined = 0
};

// Normalisation before the gain: subtract the mean and divide by the standard deviation (Ba et al.
// 2016), or divide by the root mean square (Zhang & Sennrich 2019).
enum class Norm { layer, rms };

// Scale of attention scores: 1 / sqrt(units of a head) (Vaswani et al. 2017), in some models also
// 1 / (layer index + 1).
struct ScoreScale {
  bool by_units = true;
  bool by_layer = false;
  // 1 / sqrt(units terms), for scores that are sums of several terms, rounded to float32 like
  // transformers (He et al. 2021); 0 = as above.
  std::int64_t terms = 0;

  double operator()(std::int64_t units, std::int64_t layer) const;
};

// Multi-head attention before its output projection, (B, T, units) each (Vaswani et al. 2017).
// Keys and values may have fewer heads than queries, each shared by a group of consecutive query
// heads (Ainslie et al. 2023).
at::Tensor attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                     std::int64_t heads, double scale, const Visibility& visible,
                     const Dropout* dropout);

// x W^T + b by <name>.weight (out, in) and <name>.bias, if present.
at::Tensor linear(const Tensors& parameters, const std::string& name, const at::Tensor& x);

// x W + b by <name>.weight, stored (in, out), and <name>.bias, if present.
at::Tensor linear_input_first(const Tensors& parameters, const std::string& name,
                              const at::Tensor& x);

// A norm over the last dimension, by <name>.weight and <name>.bias, if present.
at::Tensor normalised(const Tensors& parameters, const std::string& name, const at::Tensor& x,
                      Norm norm, double epsilon);

}  // namespace braid
