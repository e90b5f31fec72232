// BERT (Devlin et al. 2019): post-LN encoder, with pooler, masked-LM, next-sentence and
// sequence-classification heads where the checkpoint has them.
#include "braid/error.h"
#include "braid/families/rules.h"
#include "braid/networks/encoder.h"

namespace braid {

extern const Family bert;

namespace {

using Json = nlohmann::json;

const std::string pooler = "pooler.dense", transform = "cls.predictions.transform.dense",
                  transform_norm = "cls.predictions.transform.LayerNorm",
                  decoder = "cls.predictions.decoder", decoder_bias = "cls.predictions.bias";

const EncoderNames names = {.words = "embeddings.word_embeddings.weight",
                            .positions = "embeddings.position_embeddings.weight",
                            .types = "embeddings.token_type_embeddings.weight",
                            .norm = "embeddings.LayerNorm",
                            .layer = "encoder.layer.*.",
                            .query = "attention.self.query",
                            .key = "attention.self.key",
                            .value = "attention.self.value",
                            .attention_output = "attention.output.dense",
                            .attention_norm = "attention.output.LayerNorm",
                            .ffn_in = "intermediate.dense",
                            .ffn_out = "output.dense",
                            .ffn_norm = "output.LayerNorm"};

Sizes sizes(const Json& config) {
  return {config_layers(config, "num_hidden_layers"),
          config_size(config, "num_attention_heads"),
          config_size(config, "vocab_size", 30522),
          config_size(config, "max_position_embeddings", 512),
          config_size(config, "type_vocab_size", 2),
          config_fields(config).number("layer_norm_eps", 1e-12),
          Activation(config, "hidden_act", "gelu")};
}

std::unique_ptr<Network> network(const Json& config, const Parts& parts) {
  return std::make_unique<Encoder>(sizes(config), names,
                                   head_parts(bert, parts, parts.has("pooler") ? pooler : ""));
}

std::vector<Tie> ties(const Json& config) {
  if (!is_tied(config)) return {};
  return {{decoder + ".weight", names.words}, {decoder + ".bias", decoder_bias}};
}

void check(const Json& config) {
  const std::string positions = config_fields(config).text("position_embedding_type", "absolute");
  require(positions == "absolute",
          "config.json: position_embedding_type '{}' is not supported, only 'absolute'", positions);
  for (const char* key : {"is_decoder", "add_cross_attention"}) {
    require(!config_fields(config).boolean(key, false), "config.json: {} is not supported", key);
  }
}

// The residual stream: the axis x, or in the ablation one axis for every LayerNorm output.
struct Residual {
  std::int64_t layers;
  bool separate;

  std::string embeddings() const { return separate ? "embeddings" : "x"; }
  std::string attention(std::int64_t i) const {
    return separate ? "layer." + std::to_string(i) + ".attention_norm" : "x";
  }
  // The stream after layer i; before the first layer it is the embeddings'.
  std::string output(std::int64_t i) const {
    if (!separate) return "x";
    return i < 0 ? "embeddings" : "layer." + std::to_string(i) + ".output_norm";
  }
  std::string last() const { return output(layers - 1); }
  // The LayerNorm after layer i, or of the embeddings.
  static std::string norm(std::int64_t i) {
    return i < 0 ? names.norm : names.in_layer(i, names.ffn_norm);
  }
  std::string last_norm() const { return norm(layers - 1); }
};

void add_axes(SymmetriesBuilder& table, const Json& config, const Ablation& ablation) {
  const std::int64_t hidden = config_size(config, "hidden_size");
  const std::int64_t heads = config_size(config, "num_attention_heads");
  require(hidden % heads == 0,
          "config.json: hidden_size {} is not a multiple of num_attention_heads {}", hidden, heads);
  const auto residual = [&](const std::string& name) {
    table.axis({name, hidden, Group::permutation, "residual", ""});
  };
  if (ablation.separate_residual) {
    for (const char* name : {"embeddings", "layer.*.attention_norm", "layer.*.output_norm"}) {
      residual(name);
    }
  } else {
    residual("x");
  }
  if (ablation.ignore_heads) {
    table.axis({"layer.*.attention", hidden, Group::permutation, "attention", ""});
  } else {
    const std::int64_t units = hidden / heads;
    table.axis({"layer.*.head", heads, Group::permutation, "attention", ""})
        .axis({"layer.*.qk", units, Group::general, "attention", "layer.*.head"})
        .axis({"layer.*.ov", units, Group::general, "attention", "layer.*.head"});
  }
  table.axis(
      {"layer.*.ffn", config_size(config, "intermediate_size"), Group::permutation, "ffn", ""});
}

void add_layer(SymmetriesBuilder& table, const Residual& x, std::int64_t i, bool ignore_heads) {
  const std::string layer = "layer." + std::to_string(i) + ".";
  const auto name = [&](const std::string& part) { return names.in_layer(i, part); };
  // (head units), each on an axis of this layer
  const auto units = [&](const std::string& inner) {
    return ignore_heads ? layer + (inner.ends_with('\'') ? "attention'" : "attention")
                        : "(" + layer + "head " + layer + inner + ")";
  };
  const std::string in = x.output(i - 1), middle = x.attention(i), out = x.output(i);
  add_linear(table, name(names.query), units("qk"), in + "'");
  add_linear(table, name(names.key), units("qk'"), in + "'");
  add_linear(table, name(names.value), units("ov"), in + "'");
  add_linear(table, name(names.attention_output), middle, units("ov'"));
  add_norm(table, name(names.attention_norm), middle);
  add_linear(table, name(names.ffn_in), layer + "ffn", middle + "'");
  add_linear(table, name(names.ffn_out), out, layer + "ffn'");
  add_norm(table, name(names.ffn_norm), out);
  for (const auto& [map, tensors] :
       {std::pair{"query", names.query}, {"key", names.key}, {"value", names.value}}) {
    table.shift("shift." + layer + map, Shift::Kind::normed, name(tensors), Residual::norm(i - 1));
  }
  table.shift("shift." + layer + "context", Shift::Kind::averaged, name(names.value),
              name(names.attention_output));
  table.shift("shift." + layer + "ffn", Shift::Kind::normed, name(names.ffn_in),
              name(names.attention_norm));

  const auto product = [&](const std::string& inner) {
    return ignore_heads ? layer + "attention" : layer + "head " + layer + inner;
  };
  table.tap(layer + "attention", product("ov"), "attention");
  if (!ignore_heads) {
    table.tap(layer + "query", product("qk"), "query_key");
    table.tap(layer + "key", product("qk'"), "query_key");
  }
  table.tap(layer + "attention_norm", middle, "residual");
  table.tap(layer + "ffn", layer + "ffn", "ffn");
  table.tap(layer + "output_norm", out, "residual");
}

void add_masked_lm(SymmetriesBuilder& table, const Json& config, const Residual& x,
                   const std::string& vocabulary, bool own_bias) {
  // A tied decoder reads the axis that the word embeddings write (method.md, "The tied decoder").
  const std::string head = is_tied(config) ? x.embeddings() : "head";
  if (is_tied(config)) {
    table.also_read(names.words);
  } else {
    table.axis({"head", config_size(config, "hidden_size"), Group::permutation, "head", ""});
    table.tensor(decoder + ".weight", vocabulary + " head'");
    // Hugging Face's untied decoder has a bias of its own; older checkpoints have one in all.
    if (own_bias) table.tensor(decoder + ".bias", vocabulary);
  }
  add_linear(table, transform, head, x.last() + "'");
  add_norm(table, transform_norm, head);
  table.shift("shift.head", Shift::Kind::normed, transform, x.last_norm());
  table.tensor(decoder_bias, vocabulary);
  table.tap("head", head, "head");
}

Symmetries ablate(const Json& config, const Parts& parts, const Ablation& ablation) {
  check(config);
  const auto inert = [&](const char* key, std::int64_t fallback) {
    return "_" + std::to_string(config_size(config, key, fallback));
  };
  const std::int64_t layers = config_layers(config, "num_hidden_layers");
  const Residual x{layers, ablation.separate_residual};
  SymmetriesBuilder table(bert.title, layers);
  add_axes(table, config, ablation);

  const std::string vocabulary = inert("vocab_size", 30522) + ":token";
  table.tensor(names.words, vocabulary + " " + x.embeddings());
  table.tensor(names.positions, inert("max_position_embeddings", 512) + " " + x.embeddings());
  table.tensor(names.types, inert("type_vocab_size", 2) + " " + x.embeddings());
  add_norm(table, names.norm, x.embeddings());
  table.tap("embeddings", x.embeddings(), "residual");
  for (std::int64_t i = 0; i < layers; ++i) add_layer(table, x, i, ablation.ignore_heads);

  const bool has_pooler = parts.has("pooler");
  if (has_pooler) {
    // tanh is odd, so signs are free as well.
    table.axis(
        {"pooled", config_size(config, "hidden_size"), Group::signed_permutation, "pooler", ""});
    add_linear(table, pooler, "pooled", x.last() + "'");
    table.shift("shift.pooled", Shift::Kind::normed, pooler, x.last_norm());
    table.tap("pooler", "pooled", "pooler");
  }
  if (parts.returns_stream) {
    table.returned(x.last());
    if (has_pooler) table.returned("pooled");
  }
  if (parts.has("masked LM")) {
    add_masked_lm(table, config, x, vocabulary, parts.has("decoder bias"));
  }
  add_linear_heads(table, config, bert, parts, has_pooler ? "pooled" : x.last(), x.last());

  std::string broken;
  if (ablation.separate_residual)
    broken = "the residual stream is permuted differently at every LayerNorm";
  if (ablation.ignore_heads) {
    broken += std::string(broken.empty() ? "" : "; ") + "attention units move between heads";
  }
  return std::move(table).build(broken);
}

Symmetries describe(const Json& config, const Parts& parts) { return ablate(config, parts, {}); }

Head masked_lm() {
  Head head{.predicts = Predicts::token};
  head.dense = transform;
  head.norm = transform_norm;
  head.weight = {decoder + ".weight", names.words};
  head.bias = {decoder + ".bias", decoder_bias};
  head.tap = "head";
  return head;
}

}  // namespace

const Family bert{
    .model_type = "bert",
    .title = "BERT",
    .prefix = "bert.",
    .renamed_suffixes = {{"LayerNorm.gamma", "LayerNorm.weight"},
                         {"LayerNorm.beta", "LayerNorm.bias"}},
    .buffer_suffixes = {"embeddings.position_ids", "embeddings.token_type_ids"},
    .parts = {{"pooler", "pooler.", true},
              {"masked LM", "cls.predictions.", false, false, masked_lm()},
              {"decoder bias", decoder + ".bias"},
              {"next sentence", "cls.seq_relationship.", false, false,
               linear_head(Predicts::next_sentence, Reads::pooled, "cls.seq_relationship", 2)},
              {"classifier", "classifier.", false, false,
               linear_head(Predicts::label, Reads::pooled, "classifier")},
              {"token classifier", "classifier.", false, false,
               linear_head(Predicts::token_label, Reads::tokens, "classifier")},
              {"multiple choice", "classifier.", false, false,
               linear_head(Predicts::choice, Reads::pooled, "classifier", 1)},
              {"question answering", "qa_outputs.", false, false,
               linear_head(Predicts::span, Reads::tokens, "qa_outputs")}},
    .classes = {{"BertForMaskedLM", {"masked LM"}},
                {"BertForPreTraining", {"pooler", "masked LM", "next sentence"}},
                {"BertForNextSentencePrediction", {"pooler", "next sentence"}},
                {"BertForSequenceClassification", {"pooler", "classifier"}},
                {"BertForTokenClassification", {"token classifier"}},
                {"BertForMultipleChoice", {"pooler", "multiple choice"}},
                {"BertForQuestionAnswering", {"question answering"}},
                {"BertModel", {"pooler"}}},
    .defaults = {{"hidden_act", "gelu"},
                 {"layer_norm_eps", 1e-12},
                 {"type_vocab_size", 2},
                 {"pad_token_id", 0},
                 {"hidden_dropout_prob", 0.0},
                 {"attention_probs_dropout_prob", 0.0},
                 {"initializer_range", 0.02},
                 {"tie_word_embeddings", true}},
    .sample = {{"model_type", "bert"},
               {"hidden_size", 24},
               {"num_hidden_layers", 2},
               {"num_attention_heads", 3},
               {"intermediate_size", 40},
               {"vocab_size", 37},
               {"max_position_embeddings", 16},
               {"num_labels", 3}},
    .initialisation = {names.positions, Initialisation::Branches::later},
    .ties = ties,
    .describe = describe,
    .ablate = ablate,
    .network = network,
    .key_bias_is_free = true};

}  // namespace braid
