// The layers that families share, by the names of their parameters.
#pragma once

#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

#include <string>

#include "braid/checkpoint/tensors.h"

namespace braid {

// Dropout (Srivastava et al. 2014) while training: probabilities, and where the draws come from.
struct Dropout {
  double hidden = 0;     // of embeddings, of what every branch adds, of what a head reads
  double attention = 0;  // of attention probabilities
  mutable at::Generator generator;

  // x with each element dropped at `probability`, the rest scaled up.
  at::Tensor apply(const at::Tensor& x, double probability) const;
};

inline at::Tensor drop(const Dropout* dropout, const at::Tensor& x) {
  return dropout ? dropout->apply(x, dropout->hidden) : x;
}

// A nonlinearity.
class Activation {
 public:
  // Of a formula below.
  explicit Activation(std::string formula) : formula_(std::move(formula)) {}
  // The feed-forward layer's, by Hugging Face's name: gelu, gelu_new, gelu_pytorch_tanh, relu,
  // silu, swish. Error naming config.json's key and the choices.
  Activation(const nlohmann::json& config, const char* key, const char* fallback);
  at::Tensor operator()(const at::Tensor& x) const;
  // One for all names of a function: gelu, gelu tanh, relu, silu, tanh.
  const std::string& formula() const { return formula_; }
  // f(-x) = -f(x)?
  bool is_odd() const { return formula_ == "tanh"; }
  // f(c x) = c f(x) for c > 0?
  bool is_homogeneous() const { return formula_ == "relu"; }

 private:
  std::string formula_;
};

// What a query may look at.
struct Visibility {
  at::Tensor mask = {};  // broadcasts to (B, heads, T, T) bool; undefined = all
  bool causal = false;   // itself and what came before
  // Causal: itself and no more than so many tokens in all; otherwise: no further than so many to
  // either side. 0 = any number.
  std::int64_t window = 0;
  at::Tensor bias = {};  // added to scores, broadcasts likewise; undefined = 0
};

// What a norm does before its gain: take off the mean and divide by the deviation (Ba et al. 2016),
// or divide by the root mean square (Zhang & Sennrich 2019).
enum class Norm { layer, rms };

// How scores are scaled: by 1 / sqrt(units of a head) (Vaswani et al. 2017), and in some models by
// 1 / (the layer's number, from 1) as well.
struct ScoreScale {
  bool by_units = true;
  bool by_layer = false;
  // 1 / sqrt(units terms) of scores that are sums of so many, rounded to single precision as
  // transformers rounds it (He et al. 2021); 0 = as above.
  std::int64_t terms = 0;

  double operator()(std::int64_t units, std::int64_t layer) const;
};

// Multi-head attention before its output projection, (B, T, units) each (Vaswani et al. 2017).
// Keys and values may have fewer heads than queries, each shared by as many of these, one after
// another (Ainslie et al. 2023).
at::Tensor attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                     std::int64_t heads, double scale, const Visibility& visible,
                     const Dropout* dropout);

// x W^T + b by <name>.weight (out, in) and <name>.bias, if there is one.
at::Tensor linear(const Tensors& parameters, const std::string& name, const at::Tensor& x);

// x W + b by <name>.weight, stored (in, out), and <name>.bias, if there is one.
at::Tensor linear_input_first(const Tensors& parameters, const std::string& name,
                              const at::Tensor& x);

// A norm over the last dimension, by <name>.weight and <name>.bias, if there are any.
at::Tensor normalised(const Tensors& parameters, const std::string& name, const at::Tensor& x,
                      Norm norm, double epsilon);

}  // namespace braid
