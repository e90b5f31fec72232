#include "braid/architectures/bert.h"

#include "braid/error.h"

namespace braid {
namespace {

using Json = nlohmann::json;

bool tied(const Json& config) { return config.value("tie_word_embeddings", true); }

std::int64_t label_count(const Json& config) {
  if (config.contains("id2label") && config["id2label"].is_object()) {
    return static_cast<std::int64_t>(config["id2label"].size());
  }
  return config_size(config, "num_labels", 2);
}

void linear(SymmetriesBuilder& table, const std::string& name, const std::string& out,
            const std::string& in) {
  table.tensor(name + ".weight", out + " " + in).tensor(name + ".bias", out);
}

void norm(SymmetriesBuilder& table, const std::string& name, const std::string& x) {
  table.tensor(name + ".weight", "=" + x).tensor(name + ".bias", x);
}

std::vector<Tie> ties(const Json& config) {
  if (!tied(config)) return {};
  return {{"cls.predictions.decoder.weight", "embeddings.word_embeddings.weight"},
          {"cls.predictions.decoder.bias", "cls.predictions.bias"}};
}

void check(const Json& config) {
  const std::string positions = config.value("position_embedding_type", std::string("absolute"));
  require(positions == "absolute",
          "config.json: position_embedding_type '{}' is not supported, only 'absolute'", positions);
  require(!config.value("is_decoder", false), "config.json: is_decoder is not supported");
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
    return i < 0 ? "embeddings.LayerNorm"
                 : "encoder.layer." + std::to_string(i) + ".output.LayerNorm";
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
  const std::string name = "encoder.layer." + std::to_string(i) + ".";
  const std::string layer = "layer." + std::to_string(i) + ".";
  // (head units), each on an axis of this layer
  const auto units = [&](const std::string& inner) {
    return ignore_heads ? layer + (inner.ends_with('\'') ? "attention'" : "attention")
                        : "(" + layer + "head " + layer + inner + ")";
  };
  const std::string in = x.output(i - 1), middle = x.attention(i), out = x.output(i);
  linear(table, name + "attention.self.query", units("qk"), in + "'");
  linear(table, name + "attention.self.key", units("qk'"), in + "'");
  linear(table, name + "attention.self.value", units("ov"), in + "'");
  linear(table, name + "attention.output.dense", middle, units("ov'"));
  norm(table, name + "attention.output.LayerNorm", middle);
  linear(table, name + "intermediate.dense", layer + "ffn", middle + "'");
  linear(table, name + "output.dense", out, layer + "ffn'");
  norm(table, name + "output.LayerNorm", out);
  for (const char* map : {"query", "key", "value"}) {
    table.shift("shift." + layer + map, Shift::Kind::normed, name + "attention.self." + map,
                Residual::norm(i - 1));
  }
  table.shift("shift." + layer + "context", Shift::Kind::averaged, name + "attention.self.value",
              name + "attention.output.dense");
  table.shift("shift." + layer + "ffn", Shift::Kind::normed, name + "intermediate.dense",
              name + "attention.output.LayerNorm");

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
                   const std::string& vocabulary, bool decoder_bias) {
  // A tied decoder reads the axis that the word embeddings write (method.md, "The tied decoder").
  const std::string head = tied(config) ? x.embeddings() : "head";
  if (tied(config)) {
    table.also_read("embeddings.word_embeddings.weight");
  } else {
    table.axis({"head", config_size(config, "hidden_size"), Group::permutation, "head", ""});
    table.tensor("cls.predictions.decoder.weight", vocabulary + " head'");
    // Hugging Face's untied decoder has a bias of its own; older checkpoints have one in all.
    if (decoder_bias) table.tensor("cls.predictions.decoder.bias", vocabulary);
  }
  linear(table, "cls.predictions.transform.dense", head, x.last() + "'");
  norm(table, "cls.predictions.transform.LayerNorm", head);
  table.shift("shift.head", Shift::Kind::normed, "cls.predictions.transform.dense", x.last_norm());
  table.tensor("cls.predictions.bias", vocabulary);
  table.tap("head", head, "head");
}

Symmetries describe(const Json& config, const Contents& contents, const Ablation& ablation) {
  check(config);
  const auto has = [&](const std::string& prefix) {
    const auto found = contents.tensors.lower_bound(prefix);
    return found != contents.tensors.end() && found->starts_with(prefix);
  };
  const auto inert = [&](const char* key, std::int64_t fallback) {
    return "_" + std::to_string(config_size(config, key, fallback));
  };
  const std::int64_t layers = config_size(config, "num_hidden_layers");
  const Residual x{layers, ablation.separate_residual};
  SymmetriesBuilder table("BERT", layers);
  add_axes(table, config, ablation);

  const std::string vocabulary = inert("vocab_size", 30522);
  table.tensor("embeddings.word_embeddings.weight", vocabulary + " " + x.embeddings());
  table.tensor("embeddings.position_embeddings.weight",
               inert("max_position_embeddings", 512) + " " + x.embeddings());
  table.tensor("embeddings.token_type_embeddings.weight",
               inert("type_vocab_size", 2) + " " + x.embeddings());
  norm(table, "embeddings.LayerNorm", x.embeddings());
  table.tap("embeddings", x.embeddings(), "residual");
  for (std::int64_t i = 0; i < layers; ++i) add_layer(table, x, i, ablation.ignore_heads);

  const bool pooler = has("pooler.");
  if (pooler) {
    // tanh is odd, so signs are free as well.
    table.axis(
        {"pooled", config_size(config, "hidden_size"), Group::signed_permutation, "pooler", ""});
    linear(table, "pooler.dense", "pooled", x.last() + "'");
    table.shift("shift.pooled", Shift::Kind::normed, "pooler.dense", x.last_norm());
    table.tap("pooler", "pooled", "pooler");
  }
  const std::string reader = pooler ? "pooled'" : x.last() + "'";
  const auto sentence_head = [&](const std::string& name, std::int64_t labels) {
    const std::string rows = "_" + std::to_string(labels);
    table.tensor(name + ".weight", rows + " " + reader).tensor(name + ".bias", rows);
  };
  if (has("cls.predictions.")) {
    add_masked_lm(table, config, x, vocabulary, has("cls.predictions.decoder.bias"));
  }
  if (has("cls.seq_relationship.")) sentence_head("cls.seq_relationship", 2);
  if (has("classifier.")) sentence_head("classifier", label_count(config));

  std::string broken;
  if (ablation.separate_residual)
    broken = "the residual stream is permuted differently at every LayerNorm";
  if (ablation.ignore_heads) {
    broken += std::string(broken.empty() ? "" : "; ") + "attention units move between heads";
  }
  return std::move(table).build(broken);
}

}  // namespace

const Architecture& bert_architecture() {
  static const Architecture architecture{
      .model_type = "bert",
      .prefix = "bert.",
      .head_prefixes = {"cls.", "classifier."},
      .masked_lm_class = "BertForMaskedLM",
      .causal_lm_class = "",
      .classifier_class = "BertForSequenceClassification",
      .renamed_suffixes = {{"LayerNorm.gamma", "LayerNorm.weight"},
                           {"LayerNorm.beta", "LayerNorm.bias"}},
      .buffer_suffixes = {"embeddings.position_ids", "embeddings.token_type_ids"},
      .size_keys = {"num_attention_heads", "hidden_act", "layer_norm_eps"},
      .ties = ties,
      .describe = describe};
  return architecture;
}

}  // namespace braid
