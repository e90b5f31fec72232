#include "braid/families/gated_decoder.h"

#include <array>

#include "braid/error.h"

namespace braid {
namespace {

using Json = nlohmann::json;

const char* const decoder = "lm_head";

PreNormNames default_names() {
  return {.words = "embed_tokens.weight",
          .layer = "layers.*.",
          .attention_norm = "input_layernorm",
          .query_key_value = {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"},
          .attention_output = "self_attn.o_proj",
          .ffn_norm = "post_attention_layernorm",
          .ffn_gate = "mlp.gate_proj",
          .ffn_in = "mlp.up_proj",
          .ffn_out = "mlp.down_proj",
          .norm = "norm"};
}

PreNormNames with_query_key_norms(PreNormNames names) {
  names.query_norm = "self_attn.q_norm";
  names.key_norm = "self_attn.k_norm";
  return names;
}

PreNormNames with_norms_after(PreNormNames names) {
  names.attention_norm = "post_attention_layernorm";
  names.ffn_norm = "post_feedforward_layernorm";
  return names;
}

// config.json with defaults, and its attention settings.
struct Settings {
  Json config;
  std::int64_t width, heads, key_heads, units;
  Rotary rotary;

  Settings(const Family& family, const Json& given)
      : config(with_defaults(family, given)),
        width(config_size(config, "hidden_size")),
        heads(config_size(config, "num_attention_heads")),
        key_heads(given_or("num_key_value_heads", heads)),
        units(given_or("head_dim", width / heads)),
        rotary(config, units) {
    require(heads % key_heads == 0,
            "config.json: num_attention_heads {} is not a multiple of num_key_value_heads {}",
            heads, key_heads);
    require(units * heads == width || has("head_dim"),
            "config.json: hidden_size {} is not a multiple of num_attention_heads {}", width,
            heads);
  }

  JsonField fields() const { return config_fields(config); }
  std::int64_t layers() const { return config_layers(config, "num_hidden_layers"); }
  bool has(const char* key) const { return config.contains(key) && !config.at(key).is_null(); }
  std::int64_t given_or(const char* key, std::int64_t fallback) const {
    return has(key) ? config_size(config, key) : fallback;
  }
};

// Query heads that share a key and value head are members of a group; without sharing, the group is
// the head.
void add_attention_axes(SymmetriesBuilder& table, const Settings& settings, Group query_key) {
  const bool shared = settings.heads > settings.key_heads;
  const std::string group = shared ? "layer.*.group" : "layer.*.head";
  table.axis({group, settings.key_heads, Group::permutation, "attention", ""});
  if (shared) {
    table.axis({"layer.*.member", settings.heads / settings.key_heads, Group::permutation,
                "attention", group});
  }
  table.axis({"layer.*.qk", settings.units, query_key, "attention", group})
      .axis({"layer.*.ov", settings.units, Group::general, "attention", group});
}

// Group of the residual stream: signed permutations with gains, rotations without. A LayerNorm
// without parameters fixes the all-ones vector.
Group stream_group(const GatedDecoder& of, const Parts& parts) {
  if (of.norm == Norm::layer) return Group::centred_orthogonal;
  return parts.unit_gains && !of.norms_after ? Group::orthogonal : Group::signed_permutation;
}

}  // namespace

const PreNormNames& GatedDecoder::names() const {
  static const PreNormNames plain = default_names();
  static const PreNormNames normed = with_query_key_norms(plain);
  static const PreNormNames after = with_norms_after(plain);
  static const PreNormNames normed_after = with_norms_after(normed);
  if (query_key_norm == QueryKeyNorm::none) return norms_after ? after : plain;
  return norms_after ? normed_after : normed;
}

std::unique_ptr<Network> GatedDecoder::network(const Json& given, const Parts& parts) const {
  const Settings settings(*family, given);
  const Json& config = settings.config;
  constexpr double fixed = 1e-5;  // of LayerNorms without parameters
  Sizes sizes{settings.layers(),
              settings.heads,
              config_size(config, "vocab_size"),
              config_size(config, "max_position_embeddings"),
              0,  // types
              norm == Norm::rms ? settings.fields().number("rms_norm_eps", 0) : fixed,
              Activation(config, "hidden_act", "silu")};
  sizes.pad = config_token(config, "pad_token_id");
  sizes.norm = norm;
  PreNormForm form;
  form.key_heads = settings.key_heads;
  form.rotary = settings.rotary;
  form.norms_after = norms_after;
  if (windows) form.windows = windows(settings.fields());
  return std::make_unique<PreNorm>(std::move(sizes), names(), std::move(form),
                                   head_parts(*family, parts));
}

std::vector<Tie> GatedDecoder::ties(const Json& given) const {
  if (!is_tied(with_defaults(*family, given))) return {};
  return {{std::string(decoder) + ".weight", names().words}};
}

Symmetries GatedDecoder::describe(const Json& given, const Parts& parts) const {
  const Settings settings(*family, given);
  const Json& config = settings.config;
  if (check) check(settings.fields());
  const Biases biased = biases ? biases(settings.fields()) : Biases{};
  const PreNormNames& named = names();
  SymmetriesBuilder table(family->title, settings.layers());
  const Group stream = stream_group(*this, parts);
  const bool normed = query_key_norm != QueryKeyNorm::none;
  table.axis({"x", settings.width, stream, "residual", ""});
  add_attention_axes(table, settings, normed ? Group::rotary_signs : Group::rotary);
  table.axis(ffn_axis(config_size(config, "intermediate_size"),
                      Activation(config, "hidden_act", "silu"), true));
  const auto add_gain = [&](const std::string& name) {
    if (norm == Norm::layer) return;
    const bool holds = stream == Group::signed_permutation;
    table.tensor(name + ".weight", holds ? "=x" : "_" + std::to_string(settings.width));
  };
  const auto inside = [&](const std::string& name) { return named.layer + name; };

  const std::string vocabulary = "_" + std::to_string(config_size(config, "vocab_size")) + ":token";
  table.tensor(named.words, vocabulary + " x");
  if (is_tied(config)) table.also_read(named.words);
  const bool shared = settings.heads > settings.key_heads;
  const std::string query = shared ? "group member" : "head", key = shared ? "group" : "head";
  add_gain(inside(named.attention_norm));
  const std::array units = {query + " qk", key + " qk'", key + " ov"};
  for (std::size_t i = 0; i < units.size(); ++i) {
    add_linear(table, inside(named.query_key_value[i]), "(" + units[i] + ")", "x'",
               biased.query_key_value);
  }
  if (normed) {
    // Signs do not change a gain; gains per head move with their heads.
    const bool own = query_key_norm == QueryKeyNorm::of_all;
    const std::string all = "_" + std::to_string(settings.units);
    table.tensor(inside(named.query_norm) + ".weight", !own     ? all
                                                       : shared ? "(=group =member =qk)"
                                                                : "(=head =qk)");
    table.tensor(inside(named.key_norm) + ".weight", !own     ? all
                                                     : shared ? "(=group =qk)"
                                                              : "(=head =qk)");
  }
  add_linear(table, inside(named.attention_output), "x", "(" + query + " ov')", biased.output);
  add_gain(inside(named.ffn_norm));
  add_linear(table, inside(named.ffn_gate), "=ffn", "x'", biased.ffn);
  add_linear(table, inside(named.ffn_in), "ffn", "x'", biased.ffn);
  add_linear(table, inside(named.ffn_out), "x", "ffn'", biased.ffn);
  add_gain(named.norm);
  table.tap("embeddings", "x", "residual");
  add_pre_norm_taps(table, query, key);
  if (!is_tied(config) && parts.has("LM")) {
    table.tensor(std::string(decoder) + ".weight", vocabulary + " x'");
  }
  add_linear_heads(table, config, *family, parts, {"x", "x", settings.width});
  if (parts.returns_stream) table.returned("x");
  return std::move(table).build("");
}

// Gains of norms on branch outputs (norms_after) cannot be folded.
std::vector<Fold> GatedDecoder::folds(const Json& given) const {
  if (norm == Norm::layer) return {};
  const std::int64_t layers = norms_after ? 0 : Settings(*family, given).layers();
  return pre_norm_folds(names(), layers, {decoder, score});
}

Family GatedDecoder::base(const std::string& model_type, const std::string& title,
                          const std::string& model, Json defaults, Json sample) {
  Json all_defaults = {{"hidden_act", "silu"},           {"rms_norm_eps", 1e-6},
                       {"initializer_range", 0.02},      {"attention_dropout", 0.0},
                       {"num_key_value_heads", nullptr}, {"tie_word_embeddings", false}};
  all_defaults.update(defaults);
  Json all_sample = {{"model_type", model_type}, {"hidden_size", 24},
                     {"intermediate_size", 20},  {"num_hidden_layers", 2},
                     {"vocab_size", 37},         {"max_position_embeddings", 16},
                     {"num_labels", 3}};
  all_sample.update(sample);
  return {.model_type = model_type,
          .title = title,
          .prefix = "model.",
          .buffer_suffixes = {".rotary_emb.inv_freq"},
          .parts = {{"LM", "lm_head.", false, true, language_model(decoder, default_names().words)},
                    {"classifier", "score.", false, false,
                     unbiased_head(Predicts::label, Reads::last, GatedDecoder::score)}},
          .classes = {{model + "ForCausalLM", {"LM"}},
                      {model + "Model", {}},
                      {model + "ForSequenceClassification", {"classifier"}}},
          .defaults = std::move(all_defaults),
          .sample = std::move(all_sample),
          .causal = true,
          .dropout = {.attention = "attention_dropout", .usual = 0}};
}

std::vector<std::int64_t> windows_by_layer(const JsonField& config) {
  const std::int64_t layers = config_layers(config.json(), "num_hidden_layers");
  const bool used =
      config.boolean("use_sliding_window", false) && !config.at("sliding_window").json().is_null();
  const std::int64_t window = used ? config.at("sliding_window").integer(1) : 0;
  std::vector<std::int64_t> windows;
  if (!config.has("layer_types") || config.at("layer_types").json().is_null()) {
    const std::int64_t whole = config.at("max_window_layers").integer(0);
    for (std::int64_t i = 0; i < layers; ++i) windows.push_back(i < whole ? 0 : window);
    return windows;
  }
  for (const JsonField& type : config.at("layer_types").items()) {
    const bool local = type.text() == "sliding_attention";
    require(local ? used : type.text() == "full_attention",
            "{}: '{}' is not supported; supported: full_attention, and sliding_attention if "
            "use_sliding_window is true",
            type.where(), type.text());
    windows.push_back(local ? window : 0);
  }
  require(std::ssize(windows) == layers, "config.json: layer_types lists {} layers, expected {}",
          windows.size(), layers);
  return windows;
}

}  // namespace braid
