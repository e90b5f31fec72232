// OPT (Zhang et al. 2022): pre-LN decoder with ReLU, positions counted from 2. OPT-350m, which is
// post-LN with narrower word embeddings, is not supported.
#include "braid/error.h"
#include "braid/families/pre_norm_table.h"

namespace braid {

extern const Family opt;

namespace {

using Json = nlohmann::json;

const PreNormNames names = {
    .words = "decoder.embed_tokens.weight",
    .positions = "decoder.embed_positions.weight",
    .layer = "decoder.layers.*.",
    .attention_norm = "self_attn_layer_norm",
    .query_key_value = {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"},
    .attention_output = "self_attn.out_proj",
    .ffn_norm = "final_layer_norm",
    .ffn_in = "fc1",
    .ffn_out = "fc2",
    .norm = "decoder.final_layer_norm"};
const std::string decoder = "lm_head";
constexpr std::int64_t first_place = 2;

Json meant(const Json& given) {
  const Json config = with_defaults(opt, given);
  for (const auto& [key, expected] : {std::pair{"do_layer_norm_before", true},
                                      {"_remove_final_layer_norm", false},
                                      {"layer_norm_elementwise_affine", true}}) {
    require(config_fields(config).boolean(key, expected) == expected,
            "config.json: {} {} is not supported", key, !expected);
  }
  const std::int64_t width = config_size(config, "hidden_size");
  const bool own = config_fields(config).has("word_embed_proj_dim") &&
                   !config.at("word_embed_proj_dim").is_null();
  require(!own || config_size(config, "word_embed_proj_dim") == width,
          "config.json: word_embed_proj_dim {} is not supported with hidden_size {}; they must be "
          "equal",
          config.value("word_embed_proj_dim", Json()).dump(), width);
  return config;
}

std::unique_ptr<Network> network(const Json& given, const Parts& parts) {
  const Json config = meant(given);
  Sizes sizes{config_layers(config, "num_hidden_layers"),
              config_size(config, "num_attention_heads"),
              config_size(config, "vocab_size"),
              config_size(config, "max_position_embeddings"),
              0,     // types
              1e-5,  // fixed
              Activation(config, "activation_function", "relu")};
  sizes.pad = config_token(config, "pad_token_id");
  sizes.first_place = first_place;
  return std::make_unique<PreNorm>(std::move(sizes), names, PreNormForm{}, head_parts(opt, parts));
}

std::vector<Tie> ties(const Json& given) {
  if (!is_tied(with_defaults(opt, given))) return {};
  return {{decoder + ".weight", names.words}};
}

Symmetries describe(const Json& given, const Parts& parts) {
  const Json config = meant(given);
  const std::int64_t width = config_size(config, "hidden_size");
  const std::int64_t heads = config_size(config, "num_attention_heads");
  require(width % heads == 0,
          "config.json: hidden_size {} is not a multiple of num_attention_heads {}", width, heads);
  SymmetriesBuilder table(opt.title, config_layers(config, "num_hidden_layers"));
  const bool unit = parts.unit_gains;
  table.axis({"x", width, unit ? Group::centred_orthogonal : Group::permutation, "residual", ""})
      .axis(ffn_axis(config_size(config, "ffn_dim"),
                     Activation(config, "activation_function", "relu")));
  add_head_axes(table, heads, width / heads, Group::general);
  const auto norm = [&](const std::string& name) {
    unit ? add_unit_norm(table, name, "x", width) : add_norm(table, name, "x");
  };
  const bool biased = config_fields(config).boolean("enable_bias", true);
  const auto map = [&](const std::string& name, const char* out, const char* in) {
    add_linear(table, names.layer + name, out, in, biased);
  };
  const std::string vocabulary = "_" + std::to_string(config_size(config, "vocab_size")) + ":token";
  table.tensor(names.words, vocabulary + " x");
  if (is_tied(config)) table.also_read(names.words);
  const std::int64_t places = config_size(config, "max_position_embeddings") + first_place;
  table.tensor(names.positions, "_" + std::to_string(places) + " x");
  table.tap("embeddings", "x", "residual");
  norm(names.layer + names.attention_norm);
  map(names.query_key_value[0], "(head qk)", "x'");
  map(names.query_key_value[1], "(head qk')", "x'");
  map(names.query_key_value[2], "(head ov)", "x'");
  map(names.attention_output, "x", "(head ov')");
  norm(names.layer + names.ffn_norm);
  map(names.ffn_in, "ffn", "x'");
  map(names.ffn_out, "x", "ffn'");
  norm(names.norm);
  add_pre_norm_taps(table);
  if (!is_tied(config) && parts.has("LM")) table.tensor(decoder + ".weight", vocabulary + " x'");
  add_linear_heads(table, config, opt, parts, {"x", "x", width});
  if (parts.returns_stream) table.returned("x");
  return std::move(table).build("");
}

std::vector<Fold> folds(const Json& given) {
  return pre_norm_folds(names, config_layers(meant(given), "num_hidden_layers"),
                        {decoder, "score", "qa_outputs"});
}

}  // namespace

const Family opt{.model_type = "opt",
                 .title = "OPT",
                 .prefix = "model.",
                 .stem = "decoder.",
                 .parts = {{"LM", "lm_head.", false, true, language_model(decoder, names.words)},
                           {"classifier", "score.", false, false,
                            unbiased_head(Predicts::label, Reads::last, "score")},
                           {"question answering", "qa_outputs.", false, false,
                            linear_head(Predicts::span, Reads::tokens, "qa_outputs", 2)}},
                 .classes = {{"OPTForCausalLM", {"LM"}},
                             {"OPTModel", {}},
                             {"OPTForSequenceClassification", {"classifier"}},
                             {"OPTForQuestionAnswering", {"question answering"}}},
                 .defaults = {{"vocab_size", 50272},
                              {"max_position_embeddings", 2048},
                              {"ffn_dim", 3072},
                              {"activation_function", "relu"},
                              {"pad_token_id", 1},
                              {"dropout", 0.1},
                              {"attention_dropout", 0.0},
                              {"init_std", 0.02},
                              {"tie_word_embeddings", true}},
                 .sample = {{"model_type", "opt"},
                            {"hidden_size", 24},
                            {"num_hidden_layers", 2},
                            {"num_attention_heads", 3},
                            {"ffn_dim", 40},
                            {"vocab_size", 37},
                            {"max_position_embeddings", 16},
                            {"num_labels", 3}},
                 .causal = true,
                 .dropout = {"dropout", "attention_dropout", 0.1},
                 .ties = ties,
                 .describe = describe,
                 .network = network,
                 .folds = folds};

}  // namespace braid
