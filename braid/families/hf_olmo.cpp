// Checkpoints written by ai2-olmo (DataDecide: Magnusson et al. 2025; OLMo: Groeneveld et al.
// 2024), translated to the equivalent family of transformers: LLaMA if norms are RMSNorm, OLMo if
// they have no parameters.
#include <array>

#include "braid/error.h"
#include "braid/families/families.h"

namespace braid {

extern const Translation hf_olmo;

namespace {

using Json = nlohmann::json;

bool said(const Json& config, const char* key) {
  return config.contains(key) && !config.at(key).is_null();
}

// Error unless every key has its supported value.
void check(const Json& config) {
  const std::array<std::pair<const char*, Json>, 13> expected = {{{"rope", true},
                                                                  {"alibi", false},
                                                                  {"activation_type", "swiglu"},
                                                                  {"block_type", "sequential"},
                                                                  {"norm_after", false},
                                                                  {"attention_layer_norm", false},
                                                                  {"embedding_layer_norm", false},
                                                                  {"include_bias", false},
                                                                  {"scale_logits", false},
                                                                  {"bias_for_layer_norm", false},
                                                                  {"block_group_size", 1},
                                                                  {"clip_qkv", Json()},
                                                                  {"rope_scaling", Json()}}};
  const Json defaults = {{"rope", false},
                         {"alibi", false},
                         {"activation_type", "swiglu"},
                         {"block_type", "sequential"},
                         {"norm_after", false},
                         {"attention_layer_norm", false},
                         {"embedding_layer_norm", false},
                         {"include_bias", true},
                         {"scale_logits", false},
                         {"bias_for_layer_norm", false},
                         {"block_group_size", 1}};
  for (const auto& [key, value] : expected) {
    const Json found = said(config, key) ? config.at(key) : defaults.value(key, Json());
    require(found == value, "config.json: {} {} is not supported in hf_olmo, only {}", key,
            found.dump(), value.dump());
  }
}

// True if norms have a gain, false if they have no parameters.
bool has_gains(const Json& config) {
  const std::string type = config_fields(config).text("layer_norm_type", "default");
  const bool affine = config_fields(config).boolean("layer_norm_with_affine", true);
  const double epsilon = config_fields(config).number("layer_norm_eps", 1e-5);
  const bool plain = !affine && (type == "default" || type == "low_precision") && epsilon == 1e-5;
  require(
      (type == "rms" && affine) || plain,
      "config.json: layer_norm_type '{}' with layer_norm_with_affine {} and layer_norm_eps {} "
      "is not supported in hf_olmo; supported: rms with affine, or default without and eps 1e-5",
      type, affine, epsilon);
  return affine;
}

std::int64_t key_heads(const Json& config, std::int64_t heads) {
  if (said(config, "n_kv_heads")) return config_size(config, "n_kv_heads");
  return config_fields(config).boolean("multi_query_attention", false) ? 1 : heads;
}

const at::Tensor& take(const Tensors& tensors, const std::string& name, std::int64_t rows) {
  const auto found = tensors.find(name);
  require(found != tensors.end(), "config.json: hf_olmo model without tensor {}", name);
  require(found->second.dim() == 2 && (rows == 0 || found->second.size(0) == rows),
          "config.json: {} has shape [{}], expected {} rows by d_model, n_heads and n_kv_heads",
          name, fmt::join(found->second.sizes(), ", "), rows);
  return found->second;
}

std::pair<Json, Tensors> translate(const Json& config, const Tensors& tensors) {
  check(config);
  const bool gains = has_gains(config);
  const std::int64_t width = config_size(config, "d_model", 768);
  const std::int64_t heads = config_size(config, "n_heads", 12);
  const std::int64_t kept = key_heads(config, heads) * (width / heads);
  const std::int64_t layers = config_layers(config, "n_layers", 12);
  const bool tied = config_fields(config).boolean("weight_tying", true);
  Tensors left = tensors, result;
  const auto use = [&](const std::string& name, std::int64_t rows) {
    const at::Tensor tensor = take(tensors, name, rows);
    left.erase(name);
    return tensor;
  };
  const auto rename = [&](const std::string& from, const std::string& to) {
    const auto found = tensors.find(from);
    require(found != tensors.end(), "config.json: hf_olmo model without tensor {}", from);
    left.erase(from);
    result[to] = found->second;
  };
  const std::string stack = "model.transformer.";
  const at::Tensor words = use(stack + "wte.weight", 0);
  result["model.embed_tokens.weight"] = words;
  if (!tied) rename(stack + "ff_out.weight", "lm_head.weight");
  if (gains) rename(stack + "ln_f.weight", "model.norm.weight");
  std::int64_t units = 0;
  for (std::int64_t i = 0; i < layers; ++i) {
    const std::string from = stack + "blocks." + std::to_string(i) + ".";
    const std::string to = "model.layers." + std::to_string(i) + ".";
    const at::Tensor all = use(from + "att_proj.weight", width + 2 * kept);
    const auto parts = all.split_with_sizes({width, kept, kept});
    result[to + "self_attn.q_proj.weight"] = parts[0];
    result[to + "self_attn.k_proj.weight"] = parts[1];
    result[to + "self_attn.v_proj.weight"] = parts[2];
    rename(from + "attn_out.weight", to + "self_attn.o_proj.weight");
    // The linear half comes first.
    const at::Tensor both = use(from + "ff_proj.weight", 0);
    require(both.size(0) % 2 == 0,
            "config.json: {}ff_proj.weight has {} rows, expected an even number", from,
            both.size(0));
    units = both.size(0) / 2;
    result[to + "mlp.up_proj.weight"] = both.narrow(0, 0, units);
    result[to + "mlp.gate_proj.weight"] = both.narrow(0, units, units);
    rename(from + "ff_out.weight", to + "mlp.down_proj.weight");
    if (!gains) continue;
    rename(from + "attn_norm.weight", to + "input_layernorm.weight");
    rename(from + "ff_norm.weight", to + "post_attention_layernorm.weight");
  }
  require(left.empty(), "config.json: unknown tensor {} in an hf_olmo model",
          left.empty() ? "" : left.begin()->first);
  Json written = {{"model_type", gains ? "llama" : "olmo"},
                  {"architectures", {gains ? "LlamaForCausalLM" : "OlmoForCausalLM"}},
                  {"hidden_size", width},
                  {"num_hidden_layers", layers},
                  {"num_attention_heads", heads},
                  {"num_key_value_heads", key_heads(config, heads)},
                  {"intermediate_size", units},
                  {"vocab_size", words.size(0)},
                  {"max_position_embeddings", config_size(config, "max_sequence_length", 1024)},
                  {"hidden_act", "silu"},
                  {"rope_theta", config_fields(config).number("rope_theta", 10000)},
                  {"attention_bias", false},
                  {"tie_word_embeddings", tied}};
  if (gains) {
    written["mlp_bias"] = false;
    written["rms_norm_eps"] = config_fields(config).number("layer_norm_eps", 1e-5);
  }
  for (const char* key : {"pad_token_id", "eos_token_id", "bos_token_id", "torch_dtype", "dtype"}) {
    if (said(config, key)) written[key] = config.at(key);
  }
  return {std::move(written), std::move(result)};
}

}  // namespace

const Translation hf_olmo = {"hf_olmo", translate};

}  // namespace braid
