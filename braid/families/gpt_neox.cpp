// GPT-NeoX (Black et al. 2022), as in the Pythia suites: pre-LN decoder with parallel branches and
// partially rotary queries and keys.
#include "braid/error.h"
#include "braid/families/pre_norm_table.h"

namespace braid {

extern const Family gpt_neox;

namespace {

using Json = nlohmann::json;

const PreNormNames names = {.words = "embed_in.weight",
                            .layer = "layers.*.",
                            .attention_norm = "input_layernorm",
                            .query_key_value = {"attention.query_key_value"},
                            .attention_output = "attention.dense",
                            .ffn_norm = "post_attention_layernorm",
                            .ffn_in = "mlp.dense_h_to_4h",
                            .ffn_out = "mlp.dense_4h_to_h",
                            .norm = "final_layer_norm"};
const std::string decoder = "embed_out";

// config.json with defaults, and its attention settings.
struct Settings {
  Json config;
  std::int64_t width, heads;
  Rotary rotary;

  explicit Settings(const Json& given)
      : config(with_defaults(gpt_neox, given)),
        width(config_size(config, "hidden_size")),
        heads(config_size(config, "num_attention_heads")),
        rotary(config, width / heads,
               {.theta = "rotary_emb_base",
                .fraction = "rotary_pct",
                .usual_fraction = 0.25,
                .whole = false}) {
    require(width % heads == 0,
            "config.json: hidden_size {} is not a multiple of num_attention_heads {}", width,
            heads);
  }

  JsonField fields() const { return config_fields(config); }
  std::int64_t layers() const { return config_layers(config, "num_hidden_layers"); }
  bool is_parallel() const { return fields().boolean("use_parallel_residual", true); }
};

std::unique_ptr<Network> network(const Json& given, const Parts& parts) {
  const Settings settings(given);
  const Json& config = settings.config;
  Sizes sizes{settings.layers(),
              settings.heads,
              config_size(config, "vocab_size"),
              config_size(config, "max_position_embeddings"),
              0,  // types
              settings.fields().number("layer_norm_eps", 0),
              Activation(config, "hidden_act", "gelu")};
  sizes.pad = config_token(config, "pad_token_id");
  PreNormForm form;
  form.heads_first = true;
  form.parallel = settings.is_parallel();
  form.rotary = settings.rotary;
  return std::make_unique<PreNorm>(std::move(sizes), names, std::move(form),
                                   head_parts(gpt_neox, parts));
}

std::vector<Tie> ties(const Json& given) {
  if (!is_tied(Settings(given).config)) return {};
  return {{decoder + ".weight", names.words}};
}

Symmetries describe(const Json& given, const Parts& parts) {
  const Settings settings(given);
  const Json& config = settings.config;
  const std::int64_t units = settings.width / settings.heads, turned = settings.rotary.units();
  SymmetriesBuilder table(gpt_neox.title, settings.layers());
  // Only the gains of norms limit the stream to permutations.
  const bool unit = parts.unit_gains;
  table
      .axis({"x", settings.width, unit ? Group::centred_orthogonal : Group::permutation, "residual",
             ""})
      .axis({"layer.*.head", settings.heads, Group::permutation, "attention", ""})
      .axis({"layer.*.qk", turned, Group::rotary, "attention", "layer.*.head"})
      .axis({"layer.*.ov", units, Group::general, "attention", "layer.*.head"})
      .axis(ffn_axis(config_size(config, "intermediate_size"),
                     Activation(config, "hidden_act", "gelu")));
  // Units without rotary positions follow those with.
  const bool rest = turned < units;
  if (rest) {
    table.axis({"layer.*.qk_rest", units - turned, Group::general, "attention", "layer.*.head"});
  }
  const auto norm = [&](const std::string& name) {
    unit ? add_unit_norm(table, name, "x", settings.width) : add_norm(table, name, "x");
  };
  const auto inside = [&](const std::string& name) { return names.layer + name; };

  const std::string vocabulary = "_" + std::to_string(config_size(config, "vocab_size")) + ":token";
  const bool biased = settings.fields().boolean("attention_bias", true);
  table.tensor(names.words, vocabulary + " x");
  if (is_tied(config)) table.also_read(names.words);
  norm(inside(names.attention_norm));
  add_linear(table, inside(names.query_key_value.front()),
             rest ? "(head (qk | qk_rest | qk' | qk_rest' | ov))" : "(head (qk | qk' | ov))", "x'",
             biased);
  add_linear(table, inside(names.attention_output), "x", "(head ov')", biased);
  norm(inside(names.ffn_norm));
  add_linear(table, inside(names.ffn_in), "ffn", "x'");
  add_linear(table, inside(names.ffn_out), "x", "ffn'");
  norm(names.norm);
  table.tap("embeddings", "x", "residual");
  std::vector<TapRule> taps = {{"layer.*.attention", "head ov", "attention"},
                               {"layer.*.query", "head qk", "query_key"},
                               {"layer.*.key", "head qk'", "query_key"}};
  if (rest) {
    taps.push_back({"layer.*.query_rest", "head qk_rest", "query_key"});
    taps.push_back({"layer.*.key_rest", "head qk_rest'", "query_key"});
  }
  if (!settings.is_parallel()) taps.push_back({"layer.*.attention_sum", "x", "residual"});
  taps.push_back({"layer.*.ffn", "ffn", "ffn"});
  taps.push_back({"layer.*.output_sum", "x", "residual"});
  table.layer_taps(taps).tap("final_norm", "x", "residual");
  if (!is_tied(config) && parts.has("LM")) table.tensor(decoder + ".weight", vocabulary + " x'");
  add_linear_heads(table, config, gpt_neox, parts, {"x", "x", settings.width});
  if (parts.returns_stream) table.returned("x");
  return std::move(table).build("");
}

std::vector<Fold> folds(const Json& given) {
  return pre_norm_folds(names, Settings(given).layers(),
                        {decoder, "score", "classifier", "qa_outputs"});
}

}  // namespace

const Family gpt_neox{
    .model_type = "gpt_neox",
    .title = "GPT-NeoX",
    .prefix = "gpt_neox.",
    .buffer_suffixes = {".attention.bias", ".attention.masked_bias",
                        ".attention.rotary_emb.inv_freq"},
    .parts = {{"LM", "embed_out.", false, true, language_model(decoder, names.words)},
              {"classifier", "score.", false, false,
               unbiased_head(Predicts::label, Reads::last, "score")},
              {"token classifier", "classifier.", false, false,
               linear_head(Predicts::token_label, Reads::tokens, "classifier")},
              {"question answering", "qa_outputs.", false, false,
               linear_head(Predicts::span, Reads::tokens, "qa_outputs", 2)}},
    .classes = {{"GPTNeoXForCausalLM", {"LM"}},
                {"GPTNeoXModel", {}},
                {"GPTNeoXForSequenceClassification", {"classifier"}},
                {"GPTNeoXForTokenClassification", {"token classifier"}},
                {"GPTNeoXForQuestionAnswering", {"question answering"}}},
    .defaults = {{"vocab_size", 50432},
                 {"max_position_embeddings", 2048},
                 {"hidden_act", "gelu"},
                 {"layer_norm_eps", 1e-5},
                 {"use_parallel_residual", true},
                 {"attention_bias", true},
                 {"hidden_dropout", 0.0},
                 {"attention_dropout", 0.0},
                 {"initializer_range", 0.02},
                 {"tie_word_embeddings", false}},
    .sample = {{"model_type", "gpt_neox"},
               {"hidden_size", 24},
               {"num_hidden_layers", 2},
               {"num_attention_heads", 3},
               {"intermediate_size", 40},
               {"rotary_pct", 0.5},
               {"vocab_size", 37},
               {"max_position_embeddings", 16}},
    .causal = true,
    .dropout = {"hidden_dropout", "attention_dropout", 0.0},
    .ties = ties,
    .describe = describe,
    .network = network,
    .folds = folds};

}  // namespace braid
