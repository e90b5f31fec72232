#include "braid/architectures/gpt2.h"

#include "braid/error.h"

namespace braid {
namespace {

using Json = nlohmann::json;

bool tied(const Json& config) { return config.value("tie_word_embeddings", true); }

std::string layer_name(std::int64_t i) { return "h." + std::to_string(i) + "."; }

std::vector<Tie> ties(const Json& config) {
  if (!tied(config)) return {};
  return {{"lm_head.weight", "wte.weight"}};
}

void check(const Json& config) {
  for (const char* key : {"scale_attn_by_inverse_layer_idx", "add_cross_attention"}) {
    require(!config.value(key, false), "config.json: {} is not supported", key);
  }
  require(config.value("scale_attn_weights", true),
          "config.json: scale_attn_weights false is not supported");
}

// Hugging Face stores GPT-2's linear maps as (in, out).
void linear(SymmetriesBuilder& table, const std::string& name, const std::string& in,
            const std::string& out) {
  table.tensor(name + ".weight", in + " " + out).tensor(name + ".bias", out);
}

// The stream runs past a norm's gain: where every gain is 1 nothing holds it to permutations.
void norm(SymmetriesBuilder& table, const std::string& name, std::int64_t width, bool unit_gains) {
  table.tensor(name + ".weight", unit_gains ? "_" + std::to_string(width) : "=x")
      .tensor(name + ".bias", "x");
}

Symmetries describe(const Json& config, const Contents& contents, const Ablation& ablation) {
  check(config);
  const std::int64_t width = config_size(config, "n_embd", 768);
  const std::int64_t heads = config_size(config, "n_head", 12);
  const std::int64_t layers = config_size(config, "n_layer", 12);
  const bool unit = contents.unit_gains;
  const bool own_width = config.contains("n_inner") && !config["n_inner"].is_null();
  require(width % heads == 0, "config.json: n_embd {} is not a multiple of n_head {}", width,
          heads);
  require(!ablation.separate_residual && !ablation.ignore_heads,
          "the paper's ablations (--residual separate, --heads ignore) are for BERT");
  SymmetriesBuilder table("GPT-2", layers);
  table.axis({"x", width, unit ? Group::centred_orthogonal : Group::permutation, "residual", ""})
      .axis({"layer.*.head", heads, Group::permutation, "attention", ""})
      .axis({"layer.*.qk", width / heads, Group::general, "attention", "layer.*.head"})
      .axis({"layer.*.ov", width / heads, Group::general, "attention", "layer.*.head"})
      .axis({"layer.*.ffn", own_width ? config_size(config, "n_inner") : 4 * width,
             Group::permutation, "ffn", ""});

  const std::string vocabulary = "_" + std::to_string(config_size(config, "vocab_size", 50257));
  table.tensor("wte.weight", vocabulary + " x");
  if (tied(config)) table.also_read("wte.weight");
  table.tensor("wpe.weight", "_" + std::to_string(config_size(config, "n_positions", 1024)) + " x");
  table.tap("embeddings", "x", "residual");
  for (std::int64_t i = 0; i < layers; ++i) {
    const std::string layer = layer_name(i), on = "layer." + std::to_string(i) + ".";
    const auto units = [&](const char* inner) { return on + "head " + on + inner; };
    norm(table, layer + "ln_1", width, unit);
    linear(table, layer + "attn.c_attn", "x'",
           "(" + units("qk") + " | " + units("qk'") + " | " + units("ov") + ")");
    linear(table, layer + "attn.c_proj", "(" + units("ov'") + ")", "x");
    norm(table, layer + "ln_2", width, unit);
    linear(table, layer + "mlp.c_fc", "x'", on + "ffn");
    linear(table, layer + "mlp.c_proj", on + "ffn'", "x");
    table.tap(on + "attention", units("ov"), "attention");
    table.tap(on + "query", units("qk"), "query_key");
    table.tap(on + "key", units("qk'"), "query_key");
    table.tap(on + "attention_sum", "x", "residual");
    table.tap(on + "ffn", on + "ffn", "ffn");
    table.tap(on + "output_sum", "x", "residual");
  }
  norm(table, "ln_f", width, unit);
  table.tap("final_norm", "x", "residual");
  if (!tied(config) && contents.tensors.contains("lm_head.weight")) {
    table.tensor("lm_head.weight", vocabulary + " x'");
  }
  return std::move(table).build("");
}

std::vector<Fold> folds(const Json& config) {
  std::vector<Fold> result;
  for (std::int64_t i = 0; i < config_size(config, "n_layer", 12); ++i) {
    result.push_back({layer_name(i) + "ln_1", {layer_name(i) + "attn.c_attn"}});
    result.push_back({layer_name(i) + "ln_2", {layer_name(i) + "mlp.c_fc"}});
  }
  result.push_back({"ln_f", {"lm_head"}});
  return result;
}

}  // namespace

const Architecture& gpt2_architecture() {
  static const Architecture architecture{
      .model_type = "gpt2",
      .prefix = "transformer.",
      .head_prefixes = {"lm_head."},
      .masked_lm_class = "",
      .causal_lm_class = "GPT2LMHeadModel",
      .classifier_class = "",
      .renamed_suffixes = {},
      .buffer_suffixes = {".attn.bias", ".attn.masked_bias"},
      .size_keys = {"n_head", "activation_function", "layer_norm_epsilon"},
      .ties = ties,
      .describe = describe,
      .folds = folds};
  return architecture;
}

}  // namespace braid
