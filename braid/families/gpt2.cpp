// GPT-2 (Radford et al. 2019): pre-LN decoder.
#include "braid/error.h"
#include "braid/families/pre_norm_table.h"

namespace braid {

extern const Family gpt2;

namespace {

using Json = nlohmann::json;

const PreNormNames names = {.words = "wte.weight",
                            .positions = "wpe.weight",
                            .types = "wte.weight",  // token types are words
                            .layer = "h.*.",
                            .attention_norm = "ln_1",
                            .query_key_value = {"attn.c_attn"},
                            .attention_output = "attn.c_proj",
                            .ffn_norm = "ln_2",
                            .ffn_in = "mlp.c_fc",
                            .ffn_out = "mlp.c_proj",
                            .norm = "ln_f"};
const std::string decoder = "lm_head";

Sizes sizes(const Json& config) {
  const std::int64_t words = config_size(config, "vocab_size", 50257);
  return {config_layers(config, "n_layer", 12),
          config_size(config, "n_head", 12),
          words,
          config_size(config, "n_positions", 1024),
          words,  // types
          config_fields(config).number("layer_norm_epsilon", 1e-5),
          Activation(config, "activation_function", "gelu_new"),
          {config_fields(config).boolean("scale_attn_weights", true),
           config_fields(config).boolean("scale_attn_by_inverse_layer_idx", false)},
          config_token(config, "pad_token_id")};
}

std::unique_ptr<Network> network(const Json& config, const Parts& parts) {
  return std::make_unique<PreNorm>(sizes(config), names, PreNormForm{.input_first = true},
                                   head_parts(gpt2, parts));
}

std::vector<Tie> ties(const Json& config) {
  if (!is_tied(config)) return {};
  return {{decoder + ".weight", names.words}};
}

void check(const Json& config) {
  require(!config_fields(config).boolean("add_cross_attention", false),
          "config.json: add_cross_attention is not supported");
}

// Hugging Face stores GPT-2's linear maps as (in, out).
void add_input_first(SymmetriesBuilder& table, const std::string& name, const std::string& in,
                     const std::string& out) {
  table.tensor(name + ".weight", in + " " + out).tensor(name + ".bias", out);
}

Symmetries describe(const Json& config, const Parts& parts) {
  check(config);
  const std::int64_t width = config_size(config, "n_embd", 768);
  const std::int64_t heads = config_size(config, "n_head", 12);
  const std::int64_t layers = config_layers(config, "n_layer", 12);
  const bool own_width = config.contains("n_inner") && !config["n_inner"].is_null();
  require(width % heads == 0, "config.json: n_embd {} is not a multiple of n_head {}", width,
          heads);
  SymmetriesBuilder table(gpt2.title, layers);
  // Only the gains of norms limit the stream to permutations.
  const bool unit = parts.unit_gains;
  table.axis({"x", width, unit ? Group::centred_orthogonal : Group::permutation, "residual", ""})
      .axis(ffn_axis(own_width ? config_size(config, "n_inner") : 4 * width,
                     Activation(config, "activation_function", "gelu_new")));
  add_head_axes(table, heads, width / heads, Group::general);
  const auto norm = [&](const std::string& name) {
    unit ? add_unit_norm(table, name, "x", width) : add_norm(table, name, "x");
  };

  const std::string vocabulary =
      "_" + std::to_string(config_size(config, "vocab_size", 50257)) + ":token";
  table.tensor(names.words, vocabulary + " x");
  if (is_tied(config)) table.also_read(names.words);
  table.tensor(names.positions,
               "_" + std::to_string(config_size(config, "n_positions", 1024)) + " x");
  table.tap("embeddings", "x", "residual");
  const auto inside = [&](const std::string& name) { return names.layer + name; };
  norm(inside(names.attention_norm));
  add_input_first(table, inside(names.query_key_value.front()), "x'",
                  "(head qk | head qk' | head ov)");
  add_input_first(table, inside(names.attention_output), "(head ov')", "x");
  norm(inside(names.ffn_norm));
  add_input_first(table, inside(names.ffn_in), "x'", "ffn");
  add_input_first(table, inside(names.ffn_out), "ffn'", "x");
  norm(names.norm);
  add_pre_norm_taps(table);
  if (!is_tied(config) && parts.has("LM")) table.tensor(decoder + ".weight", vocabulary + " x'");
  add_linear_heads(table, config, gpt2, parts, {"x", "x", width});
  if (parts.returns_stream) table.returned("x");
  return std::move(table).build("");
}

std::vector<Fold> folds(const Json& config) {
  return pre_norm_folds(names, config_layers(config, "n_layer", 12),
                        {decoder, "score", "classifier", "qa_outputs"});
}

}  // namespace

const Family gpt2{.model_type = "gpt2",
                  .title = "GPT-2",
                  .prefix = "transformer.",
                  .other_keys = {{"hidden_size", "n_embd"},
                                 {"max_position_embeddings", "n_positions"},
                                 {"num_attention_heads", "n_head"},
                                 {"num_hidden_layers", "n_layer"}},
                  .buffer_suffixes = {".attn.bias", ".attn.masked_bias"},
                  .parts = {{"LM", "lm_head.", false, true, language_model(decoder, names.words)},
                            {"classifier", "score.", false, false,
                             unbiased_head(Predicts::label, Reads::last, "score")},
                            {"token classifier", "classifier.", false, false,
                             linear_head(Predicts::token_label, Reads::tokens, "classifier")},
                            {"question answering", "qa_outputs.", false, false,
                             linear_head(Predicts::span, Reads::tokens, "qa_outputs", 2)}},
                  .classes = {{"GPT2LMHeadModel", {"LM"}},
                              {"GPT2Model", {}},
                              {"GPT2ForSequenceClassification", {"classifier"}},
                              {"GPT2ForTokenClassification", {"token classifier"}},
                              {"GPT2ForQuestionAnswering", {"question answering"}}},
                  .defaults = {{"activation_function", "gelu_new"},
                               {"layer_norm_epsilon", 1e-5},
                               {"n_inner", nullptr},
                               {"embd_pdrop", 0.1},
                               {"resid_pdrop", 0.1},
                               {"attn_pdrop", 0.1},
                               {"initializer_range", 0.02},
                               {"tie_word_embeddings", true}},
                  .sample = {{"model_type", "gpt2"},
                             {"n_embd", 24},
                             {"n_layer", 2},
                             {"n_head", 3},
                             {"n_inner", 40},
                             {"vocab_size", 37},
                             {"n_positions", 16}},
                  .causal = true,
                  .dropout = {"resid_pdrop", "attn_pdrop", 0.1},
                  .ties = ties,
                  .describe = describe,
                  .network = network,
                  .folds = folds};

}  // namespace braid
