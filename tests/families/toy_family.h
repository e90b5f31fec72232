// A family that braid has never seen, whole in one file as one in braid/families/ is: RMSNorm,
// rotary positions, four query heads on two of keys and values, gated units, no biases.
#pragma once

#include "braid/families/pre_norm_table.h"

namespace braid {

extern const Family toy_family;

namespace toy {

using Json = nlohmann::json;

inline constexpr std::int64_t width = 24, heads = 4, key_heads = 2, head_units = 6, ffn = 20;

inline const PreNormNames names = {.words = "words.weight",
                                   .layer = "block.*.",
                                   .attention_norm = "norm_1",
                                   .query_key_value = {"query", "key", "value"},
                                   .attention_output = "output",
                                   .ffn_norm = "norm_2",
                                   .ffn_gate = "gate",
                                   .ffn_in = "up",
                                   .ffn_out = "down",
                                   .norm = "last_norm"};

inline Activation activation(const Json& config) { return {config, "hidden_act", "silu"}; }

inline std::unique_ptr<Network> network(const Json& config, const Parts& parts) {
  Sizes sizes{config_layers(config, "num_hidden_layers"),
              heads,
              config_size(config, "vocab_size"),
              config_size(config, "max_position_embeddings"),
              0,  // types
              1e-6,
              activation(config)};
  sizes.norm = Norm::rms;
  PreNormForm form;
  form.key_heads = key_heads;
  form.rotary = Rotary(config, head_units);
  return std::make_unique<PreNorm>(std::move(sizes), names, std::move(form),
                                   head_parts(toy_family, parts));
}

inline Symmetries describe(const Json& config, const Parts& parts) {
  const Group stream = parts.unit_gains ? Group::orthogonal : Group::signed_permutation;
  SymmetriesBuilder table(toy_family.title, config_layers(config, "num_hidden_layers"));
  table.axis({"x", width, stream, "residual", ""})
      .axis({"layer.*.group", key_heads, Group::permutation, "attention", ""})
      .axis({"layer.*.member", heads / key_heads, Group::permutation, "attention", "layer.*.group"})
      .axis({"layer.*.qk", head_units, Group::rotary, "attention", "layer.*.group"})
      .axis({"layer.*.ov", head_units, Group::general, "attention", "layer.*.group"})
      .axis(ffn_axis(ffn, activation(config), true));
  const auto norm = [&](const std::string& name) {
    table.tensor(name + ".weight", parts.unit_gains ? "_" + std::to_string(width) : "=x");
  };
  const auto map = [&](const std::string& name, const char* out, const char* in) {
    add_linear(table, names.layer + name, out, in, false);
  };
  const std::string vocabulary = "_" + std::to_string(config_size(config, "vocab_size")) + ":token";
  table.tensor(names.words, vocabulary + " x").tap("embeddings", "x", "residual");
  norm(names.layer + names.attention_norm);
  map("query", "(group member qk)", "x'");
  map("key", "(group qk')", "x'");
  map("value", "(group ov)", "x'");
  map("output", "x", "(group member ov')");
  norm(names.layer + names.ffn_norm);
  map("gate", "=ffn", "x'");
  map("up", "ffn", "x'");
  map("down", "x", "ffn'");
  norm(names.norm);
  add_pre_norm_taps(table, "group member", "group");
  table.tensor("head.weight", vocabulary + " x'");
  return std::move(table).build("");
}

inline std::vector<Fold> folds(const Json& config) {
  return pre_norm_folds(names, config_layers(config, "num_hidden_layers"), {"head"});
}

}  // namespace toy

inline const Family toy_family{
    .model_type = "toy",
    .title = "Toy",
    .prefix = "",
    .parts = {{"LM", "head.", false, false, language_model("head", toy::names.words)}},
    .classes = {{"ToyForCausalLM", {"LM"}}},
    .defaults = nlohmann::json::object(),
    .sample = {{"model_type", "toy"},
               {"architectures", {"ToyForCausalLM"}},
               {"num_hidden_layers", 2},
               {"vocab_size", 37},
               {"max_position_embeddings", 16}},
    .causal = true,
    .ties = [](const nlohmann::json&) { return std::vector<Tie>(); },
    .describe = toy::describe,
    .network = toy::network,
    .folds = toy::folds};

}  // namespace braid
