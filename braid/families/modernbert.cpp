// ModernBERT (Warner et al. 2024): pre-LN encoder with gated feed-forward layers, rotary positions
// and alternating local and global attention.
#include "braid/error.h"
#include "braid/families/pre_norm_table.h"

namespace braid {

extern const Family modernbert;

namespace {

using Json = nlohmann::json;

const PreNormNames names = {.words = "embeddings.tok_embeddings.weight",
                            .embedding_norm = "embeddings.norm",
                            .layer = "layers.*.",
                            .attention_norm = "attn_norm",
                            .query_key_value = {"attn.Wqkv"},
                            .attention_output = "attn.Wo",
                            .ffn_norm = "mlp_norm",
                            .ffn_in = "mlp.Wi",
                            .ffn_out = "mlp.Wo",
                            .norm = "final_norm"};
const std::string decoder = "decoder", dense = "head.dense", head_norm = "head.norm";

Json meant(const Json& given) { return with_defaults(modernbert, given); }

// For each layer, true if its attention is local.
std::vector<bool> local_layers(const Json& config) {
  const JsonField fields = config_fields(config);
  const std::int64_t layers = config_layers(config, "num_hidden_layers");
  std::vector<bool> local;
  if (!fields.has("layer_types") || fields.at("layer_types").json().is_null()) {
    const std::int64_t every = config_size(config, "global_attn_every_n_layers");
    for (std::int64_t i = 0; i < layers; ++i) local.push_back(i % every != 0);
    return local;
  }
  for (const JsonField& type : fields.at("layer_types").items()) {
    local.push_back(type.text() == "sliding_attention");
    require(local.back() || type.text() == "full_attention",
            "{}: '{}' is not supported; supported: full_attention, sliding_attention", type.where(),
            type.text());
  }
  require(std::ssize(local) == layers, "config.json: layer_types lists {} layers, expected {}",
          local.size(), layers);
  return local;
}

// Rotary positions of layers of one type. As in transformers, rope_scaling applies to both types
// and overrides rope_parameters, which has an object per type; the old key gives theta otherwise.
Rotary rotary_of(const Json& config, const char* type, const char* old_key, std::int64_t units) {
  const JsonField fields = config_fields(config);
  const auto object_at = [](const JsonField& from, const char* key) {
    return from.has(key) ? from.at(key).json() : Json();
  };
  Json turned = Json::object();
  if (const Json both = object_at(fields, "rope_parameters"); !both.is_null()) {
    const Json own = object_at(fields.at("rope_parameters"), type);
    if (!own.is_null()) turned = own;
    require(
        !own.is_null() || !fields.has("rope_scaling"),
        "config.json: rope_parameters has no {}, which rope_scaling changes; remove one of them",
        type);
  }
  if (const Json scaling = object_at(fields, "rope_scaling"); !scaling.is_null()) {
    for (const std::string& key : fields.at("rope_scaling").keys()) {
      if (!scaling[key].is_object()) turned[key] = scaling[key];  // transformers ignores the others
    }
  }
  if (!turned.contains("rope_theta")) turned["rope_theta"] = config.at(old_key);
  return Rotary({{"rope_parameters", turned},
                 {"max_position_embeddings", config.at("max_position_embeddings")}},
                units);
}

std::unique_ptr<Network> network(const Json& given, const Parts& parts) {
  const Json config = meant(given);
  const JsonField fields = config_fields(config);
  const std::int64_t heads = config_size(config, "num_attention_heads");
  const std::int64_t units = config_size(config, "hidden_size") / heads;
  Sizes sizes{config_layers(config, "num_hidden_layers"),
              heads,
              config_size(config, "vocab_size"),
              config_size(config, "max_position_embeddings"),
              0,  // types
              fields.number("norm_eps", 0),
              Activation(config, "hidden_activation", "gelu")};
  const std::int64_t window = fields.at("local_attention").integer(2) / 2;
  PreNormForm form;
  form.causal = false;
  form.gate_behind = true;
  form.first_normed = false;
  form.rotary = rotary_of(config, "full_attention", "global_rope_theta", units);
  form.windowed_rotary = rotary_of(config, "sliding_attention", "local_rope_theta", units);
  for (const bool local : local_layers(config)) form.windows.push_back(local ? window : 0);
  HeadParts own = head_parts(modernbert, parts);
  const std::string pooling = fields.text("classifier_pooling", "cls");
  require(pooling == "cls" || pooling == "mean",
          "config.json: classifier_pooling '{}' is not supported; supported: cls, mean", pooling);
  for (Head& head : own.heads) {
    if (head.dense.empty()) continue;
    head.activation = Activation(config, "classifier_activation", "gelu");
    if (head.reads == Reads::first && pooling == "mean") head.reads = Reads::mean;
  }
  return std::make_unique<PreNorm>(std::move(sizes), names, std::move(form), std::move(own));
}

std::vector<Tie> ties(const Json& given) {
  if (!is_tied(meant(given))) return {};
  return {{decoder + ".weight", names.words}};
}

void add_masked_head(SymmetriesBuilder& table, const Json& config, const std::string& vocabulary) {
  const JsonField fields = config_fields(config);
  // A tied decoder reads the axis of the word embeddings.
  const bool tied = is_tied(config);
  const std::string axis = tied ? "x" : "head";
  if (!tied) {
    table.axis({axis, config_size(config, "hidden_size"), Group::permutation, "head", ""});
    table.tensor(decoder + ".weight", vocabulary + " " + axis + "'");
  }
  add_linear(table, dense, axis, "x'", fields.boolean("classifier_bias", false));
  add_norm(table, head_norm, axis, fields.boolean("norm_bias", false));
  if (fields.boolean("decoder_bias", true)) table.tensor(decoder + ".bias", vocabulary);
  table.tap("head", axis, "head");
}

Symmetries describe(const Json& given, const Parts& parts) {
  const Json config = meant(given);
  const JsonField fields = config_fields(config);
  const std::int64_t width = config_size(config, "hidden_size");
  const std::int64_t heads = config_size(config, "num_attention_heads");
  const std::int64_t layers = config_layers(config, "num_hidden_layers");
  require(width % heads == 0,
          "config.json: hidden_size {} is not a multiple of num_attention_heads {}", width, heads);
  SymmetriesBuilder table(modernbert.title, layers);
  // The norm of the embeddings is part of the stream and limits it to permutations.
  table.axis({"x", width, Group::permutation, "residual", ""})
      .axis(ffn_axis(config_size(config, "intermediate_size"),
                     Activation(config, "hidden_activation", "gelu"), true));
  add_head_axes(table, heads, width / heads, Group::rotary);
  const bool norm_bias = fields.boolean("norm_bias", false);
  const auto norm = [&](const std::string& name) { add_norm(table, name, "x", norm_bias); };
  const auto inside = [&](const std::string& name) { return names.layer + name; };
  const std::string vocabulary = "_" + std::to_string(config_size(config, "vocab_size")) + ":token";
  table.tensor(names.words, vocabulary + " x");
  if (is_tied(config) && parts.has("masked LM")) table.also_read(names.words);
  norm(names.embedding_norm);
  table.tap("embeddings", "x", "residual");
  for (std::int64_t i = 1; i < layers; ++i) norm(names.in_layer(i, names.attention_norm));
  const bool attention_bias = fields.boolean("attention_bias", false);
  add_linear(table, inside(names.query_key_value.front()), "(head qk | head qk' | head ov)", "x'",
             attention_bias);
  add_linear(table, inside(names.attention_output), "x", "(head ov')", attention_bias);
  norm(inside(names.ffn_norm));
  const bool ffn_bias = fields.boolean("mlp_bias", false);
  add_linear(table, inside(names.ffn_in), "(=ffn | ffn)", "x'", ffn_bias);
  add_linear(table, inside(names.ffn_out), "x", "ffn'", ffn_bias);
  norm(names.norm);
  add_pre_norm_taps(table);
  if (parts.has("masked LM")) add_masked_head(table, config, vocabulary);
  add_linear_heads(table, config, modernbert, parts,
                   {"x", "x", width, fields.boolean("classifier_bias", false), norm_bias});
  if (parts.returns_stream) table.returned("x");
  return std::move(table).build("");
}

std::vector<Fold> folds(const Json& given) {
  constexpr bool first_normed = false;
  return pre_norm_folds(names, config_layers(meant(given), "num_hidden_layers"), {dense},
                        first_normed);
}

// Adds a map and a norm before the head's own map.
Head with_features(Head head) {
  head.dense = dense;
  head.norm = head_norm;
  head.tap = "features";
  return head;
}

Head masked_head() {
  Head head{.predicts = Predicts::token};
  head.dense = dense;
  head.norm = head_norm;
  head.weight = {decoder + ".weight", names.words};
  head.bias = {decoder + ".bias"};
  head.tap = "head";
  return head;
}

}  // namespace

const Family modernbert{
    .model_type = "modernbert",
    .title = "ModernBERT",
    .prefix = "model.",
    .parts = {{"features", "head."},
              {"masked LM", "decoder.", false, true, masked_head()},
              {"classifier", "classifier.", false, false,
               with_features(linear_head(Predicts::label, Reads::first, "classifier"))},
              {"token classifier", "classifier.", false, false,
               with_features(linear_head(Predicts::token_label, Reads::tokens, "classifier"))},
              {"multiple choice", "classifier.", false, false,
               with_features(linear_head(Predicts::choice, Reads::first, "classifier", 1))},
              {"question answering", "classifier.", false, false,
               with_features(linear_head(Predicts::span, Reads::tokens, "classifier"))}},
    .classes = {{"ModernBertForMaskedLM", {"features", "masked LM"}},
                {"ModernBertModel", {}},
                {"ModernBertForSequenceClassification", {"features", "classifier"}},
                {"ModernBertForTokenClassification", {"features", "token classifier"}},
                {"ModernBertForMultipleChoice", {"features", "multiple choice"}},
                {"ModernBertForQuestionAnswering", {"features", "question answering"}}},
    .defaults = {{"vocab_size", 50368},
                 {"hidden_activation", "gelu"},
                 {"max_position_embeddings", 8192},
                 {"norm_eps", 1e-5},
                 {"norm_bias", false},
                 {"local_attention", 128},
                 {"global_attn_every_n_layers", 3},
                 {"global_rope_theta", 160000.0},
                 {"local_rope_theta", 10000.0},
                 {"classifier_activation", "gelu"},
                 {"attention_dropout", 0.0},
                 {"initializer_range", 0.02},
                 {"tie_word_embeddings", true}},
    .sample = {{"model_type", "modernbert"},
               {"hidden_size", 24},
               {"num_hidden_layers", 3},
               {"num_attention_heads", 3},
               {"intermediate_size", 20},
               {"vocab_size", 37},
               {"max_position_embeddings", 16},
               {"local_attention", 6},
               {"pad_token_id", 0},
               {"num_labels", 3}},
    .dropout = {.attention = "attention_dropout", .usual = 0},
    .ties = ties,
    .describe = describe,
    .network = network,
    .folds = folds};

}  // namespace braid
