// The layers that families share.
#pragma once

#include "braid/models/network.h"

namespace braid {

// The feed-forward layer's nonlinearity by Hugging Face's name: gelu, gelu_new, gelu_pytorch_tanh,
// relu.
class Activation {
 public:
  // Error naming config.json's key and the choices.
  Activation(const nlohmann::json& config, const char* key, const char* fallback);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  std::string name_;
};

// What a query may look at.
struct Visibility {
  at::Tensor mask;      // broadcasts to (B, heads, T, T) bool; undefined = all
  bool causal = false;  // itself and what came before
};

// Multi-head attention before its output projection, (B, T, units) each (Vaswani et al. 2017).
at::Tensor attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                     std::int64_t heads, const Visibility& visible, const Dropout* dropout);

inline void tap_if(const TapFunction& tap, const std::string& name, const at::Tensor& features) {
  if (tap) tap(name, features);
}

inline at::Tensor drop(const Dropout* dropout, const at::Tensor& x) {
  return dropout ? dropout->apply(x, dropout->hidden) : x;
}

// LayerNorm over the last dimension, by <name>.weight and <name>.bias.
at::Tensor layer_norm(const Tensors& parameters, const std::string& name, const at::Tensor& x,
                      double epsilon);

}  // namespace braid
