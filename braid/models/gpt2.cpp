#include "braid/models/gpt2.h"

#include "braid/architectures/architecture.h"
#include "braid/error.h"
#include "braid/models/layers.h"

namespace braid {
namespace {

// Weights are stored (in, out).
at::Tensor linear(const Tensors& parameters, const std::string& name, const at::Tensor& x) {
  return at::matmul(x, parameters.at(name + ".weight")) + parameters.at(name + ".bias");
}

}  // namespace

Gpt2::Gpt2(const nlohmann::json& config)
    : layers_(config_size(config, "n_layer", 12)),
      heads_(config_size(config, "n_head", 12)),
      vocabulary_(config_size(config, "vocab_size", 50257)),
      positions_(config_size(config, "n_positions", 1024)),
      epsilon_(config.value("layer_norm_epsilon", 1e-5)),
      activate_(config, "activation_function", "gelu_new"),
      tied_(config.value("tie_word_embeddings", true)) {}

at::Tensor Gpt2::attend(const Tensors& parameters, const std::string& layer, const at::Tensor& x,
                        const std::string& name, const TapFunction& tap,
                        const Dropout* dropout) const {
  const auto parts = linear(parameters, layer + "attn.c_attn", x).chunk(3, -1);
  tap_if(tap, name + "query", parts[0]);
  tap_if(tap, name + "key", parts[1]);
  const at::Tensor context = attention(parts[0], parts[1], parts[2], heads_, {{}, true}, dropout);
  tap_if(tap, name + "attention", context);
  return linear(parameters, layer + "attn.c_proj", context);
}

at::Tensor Gpt2::encode(const Tensors& parameters, const Batch& batch, const TapFunction& tap,
                        const Dropout* dropout) const {
  const std::int64_t length = batch.input_ids.size(1);
  const auto norm = [&](const std::string& name, const at::Tensor& x) {
    return layer_norm(parameters, name, x, epsilon_);
  };
  at::Tensor x = at::embedding(parameters.at("wte.weight"), batch.input_ids) +
                 parameters.at("wpe.weight").narrow(0, 0, length);
  x = drop(dropout, x);
  tap_if(tap, "embeddings", x);
  for (std::int64_t i = 0; i < layers_; ++i) {
    const std::string layer = "h." + std::to_string(i) + ".";
    const std::string name = "layer." + std::to_string(i) + ".";
    const at::Tensor seen = norm(layer + "ln_1", x);
    x = x + drop(dropout, attend(parameters, layer, seen, name, tap, dropout));
    tap_if(tap, name + "attention_sum", x);
    const at::Tensor ffn =
        activate_(linear(parameters, layer + "mlp.c_fc", norm(layer + "ln_2", x)));
    tap_if(tap, name + "ffn", ffn);
    x = x + drop(dropout, linear(parameters, layer + "mlp.c_proj", ffn));
    tap_if(tap, name + "output_sum", x);
  }
  x = norm("ln_f", x);
  tap_if(tap, "final_norm", x);
  return x;
}

at::Tensor Gpt2::token_features(const Tensors&, const at::Tensor& hidden,
                                const TapFunction&) const {
  return hidden;
}

at::Tensor Gpt2::decode(const Tensors& parameters, const at::Tensor& features) const {
  const auto untied = parameters.find("lm_head.weight");
  return at::linear(features,
                    untied == parameters.end() ? parameters.at("wte.weight") : untied->second);
}

bool Gpt2::has_token_head(const Tensors& parameters) const {
  return tied_ || parameters.contains("lm_head.weight");
}

}  // namespace braid
