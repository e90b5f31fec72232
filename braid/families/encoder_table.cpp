#include "braid/families/encoder_table.h"

#include "braid/error.h"

namespace braid {

EncoderNames names_of_bert() {
  return {.words = "embeddings.word_embeddings.weight",
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
}

EncoderTable::EncoderTable(const Family& family, const EncoderNames& names,
                           const EncoderSizes& sizes, const Ablation& ablation,
                           const std::pair<const char*, const char*>& keys)
    : family_(family),
      names_(names),
      sizes_(sizes),
      ablation_(ablation),
      table_(family.title, sizes.layers) {
  require(sizes.width % sizes.heads == 0, "config.json: {} {} is not a multiple of {} {}",
          keys.first, sizes.width, keys.second, sizes.heads);
  add_axes();
  add_embeddings();
  for (std::int64_t i = 0; i < sizes.layers; ++i) {
    add_layer(i);
    add_taps(i, i);
  }
  for (std::int64_t n = 1; n < sizes.applications; ++n) add_taps(last(), last() + n);
}

std::string EncoderTable::stream(std::int64_t i) const {
  if (!ablation_.separate_residual) return "x";
  return i < 0 ? "embeddings" : of_layer(i, "output_norm");
}

std::string EncoderTable::middle(std::int64_t i) const {
  return ablation_.separate_residual ? of_layer(i, "attention_norm") : "x";
}

std::string EncoderTable::norm(std::int64_t i) const {
  if (i < 0) return projects() ? "" : names_.norm;
  return names_.in_layer(i, names_.ffn_norm);
}

void EncoderTable::add_axes() {
  const auto residual = [&](const std::string& name) {
    table_.axis({name, sizes_.width, Group::permutation, "residual", ""});
  };
  if (ablation_.separate_residual) {
    for (const char* name : {"embeddings", "layer.*.attention_norm", "layer.*.output_norm"}) {
      residual(name);
    }
  } else {
    residual("x");
  }
  if (projects()) table_.axis({"e", sizes_.embedding, Group::permutation, "embedding", ""});
  if (ablation_.ignore_heads) {
    table_.axis({"layer.*.attention", sizes_.width, Group::permutation, "attention", ""});
  } else {
    const std::int64_t units = sizes_.width / sizes_.heads;
    Axis qk = {"layer.*.qk", units, Group::general, "attention", "layer.*.head"};
    qk.biased_keys = by_distance();
    table_.axis({"layer.*.head", sizes_.heads, Group::permutation, "attention", ""})
        .axis(qk)
        .axis({"layer.*.ov", units, Group::general, "attention", "layer.*.head"});
  }
  table_.axis(ffn_axis(sizes_.ffn, sizes_.activation));
}

void EncoderTable::add_embeddings() {
  const auto rows = [](std::int64_t count) { return "_" + std::to_string(count); };
  const std::string e = words();
  table_.tensor(names_.words, rows(sizes_.words) + ":token " + e);
  if (!names_.positions.empty()) {
    table_.tensor(names_.positions, rows(sizes_.positions) + " " + e);
  }
  if (sizes_.types > 0) table_.tensor(names_.types, rows(sizes_.types) + " " + e);
  add_norm(table_, names_.norm, e);
  if (!names_.distances.table.empty()) {
    table_.tensor(names_.distances.table, rows(2 * names_.distances.span) + " " + stream(-1));
  }
  if (!names_.distances.norm.empty()) add_norm(table_, names_.distances.norm, stream(-1));
  table_.tap("embeddings", e, projects() ? "embedding" : "residual");
  if (!projects()) return;
  add_linear(table_, names_.projection, stream(-1), e + "'");
  table_.tap("projected", stream(-1), "residual");
}

void EncoderTable::add_layer(std::int64_t i) {
  const auto name = [&](const std::string& part) { return names_.in_layer(i, part); };
  // (head units) on axes of this layer
  const auto units = [&](const std::string& inner) {
    return ablation_.ignore_heads ? of_layer(i, inner.ends_with('\'') ? "attention'" : "attention")
                                  : "(" + of_layer(i, "head ") + of_layer(i, inner) + ")";
  };
  const std::string in = stream(i - 1), half = middle(i), out = stream(i);
  add_linear(table_, name(names_.query), units("qk"), in + "'");
  add_linear(table_, name(names_.key), units("qk'"), in + "'");
  add_linear(table_, name(names_.value), units("ov"), in + "'");
  add_linear(table_, name(names_.attention_output), half, units("ov'"));
  add_norm(table_, name(names_.attention_norm), half);
  add_linear(table_, name(names_.ffn_in), of_layer(i, "ffn"), half + "'");
  add_linear(table_, name(names_.ffn_out), out, of_layer(i, "ffn'"));
  add_norm(table_, name(names_.ffn_norm), out);
  const auto shift = [&](const std::string& part, Shift::Kind kind, const std::string& map,
                         const std::string& other) {
    // Query and key maps also read distances, not only the norm of the stream.
    if (other.empty() || (by_distance() && (part == "query" || part == "key"))) return;
    table_.shift("shift." + of_layer(i, part), kind, name(map), other);
  };
  for (const auto& [part, map] :
       {std::pair{"query", names_.query}, {"key", names_.key}, {"value", names_.value}}) {
    shift(part, Shift::Kind::normed, map, norm(i - 1));
  }
  shift("context", Shift::Kind::averaged, names_.value, name(names_.attention_output));
  shift("ffn", Shift::Kind::normed, names_.ffn_in, name(names_.attention_norm));
}

void EncoderTable::add_taps(std::int64_t i, std::int64_t n) {
  const auto product = [&](const std::string& inner) {
    return ablation_.ignore_heads ? of_layer(i, "attention")
                                  : of_layer(i, "head ") + of_layer(i, inner);
  };
  table_.tap(of_layer(n, "attention"), product("ov"), "attention");
  if (!ablation_.ignore_heads) {
    table_.tap(of_layer(n, "query"), product("qk"), "query_key");
    table_.tap(of_layer(n, "key"), product("qk'"), "query_key");
  }
  table_.tap(of_layer(n, "attention_norm"), middle(i), "residual");
  table_.tap(of_layer(n, "ffn"), of_layer(i, "ffn"), "ffn");
  table_.tap(of_layer(n, "output_norm"), stream(i), "residual");
}

void EncoderTable::add_pooler(const std::string& map) {
  // tanh is odd, so signs are free too.
  table_.axis({"pooled", sizes_.width, Group::signed_permutation, "pooler", ""});
  add_linear(table_, map, "pooled", stream(last()) + "'");
  table_.shift("shift.pooled", Shift::Kind::normed, map, norm(last()));
  table_.tap("pooler", "pooled", "pooler");
  pooled_ = true;
}

void EncoderTable::add_masked_head(const MaskedHeadNames& head, bool tied, bool own_bias) {
  const std::string rows = "_" + std::to_string(sizes_.words) + ":token";
  // A tied decoder reads the axis of the word embeddings (method.md, "The tied decoder").
  const std::string axis = tied ? words() : "head";
  if (tied) {
    table_.also_read(names_.words);
  } else {
    const std::int64_t units = projects() ? sizes_.embedding : sizes_.width;
    table_.axis({"head", units, Group::permutation, "head", ""});
    table_.tensor(head.decoder + ".weight", rows + " head'");
    // Hugging Face's untied decoder has its own bias; older checkpoints have a single bias.
    if (own_bias) table_.tensor(head.decoder + ".bias", rows);
  }
  add_linear(table_, head.dense, axis, stream(last()) + "'");
  add_norm(table_, head.norm, axis);
  table_.shift("shift.head", Shift::Kind::normed, head.dense, norm(last()));
  table_.tensor(head.bias, rows);
  table_.tap("head", axis, "head");
}

Symmetries EncoderTable::build(const nlohmann::json& config, const Parts& parts) && {
  const std::string x = stream(last());
  if (parts.returns_stream) {
    table_.returned(x);
    if (pooled_) table_.returned("pooled");
  }
  add_linear_heads(table_, config, family_, parts, {pooled_ ? "pooled" : x, x, sizes_.width});
  for (const Part& part : family_.parts) {
    const bool features = part.head && parts.has(part.name) && !part.head->dense.empty() &&
                          part.head->predicts != Predicts::token;
    if (features) {
      table_.shift("shift." + part.head->tap, Shift::Kind::normed, part.head->dense, norm(last()));
    }
  }
  std::string broken;
  if (ablation_.separate_residual) {
    broken = "the residual stream is permuted differently at every LayerNorm";
  }
  if (ablation_.ignore_heads) {
    broken += std::string(broken.empty() ? "" : "; ") + "attention units move between heads";
  }
  return std::move(table_).build(broken);
}

Head masked_head(const MaskedHeadNames& names, const std::string& words,
                 std::optional<Activation> activation) {
  Head head{.predicts = Predicts::token};
  head.dense = names.dense;
  head.activation = std::move(activation);
  head.norm = names.norm;
  head.weight = {names.decoder + ".weight", words};
  head.bias = {names.decoder + ".bias", names.bias};
  head.tap = "head";
  return head;
}

std::vector<Tie> masked_head_ties(const MaskedHeadNames& names, const std::string& words,
                                  const nlohmann::json& config) {
  if (!is_tied(config)) return {};
  std::vector<Tie> ties = {{names.decoder + ".weight", words}};
  if (names.bias != names.decoder + ".bias") ties.push_back({names.decoder + ".bias", names.bias});
  return ties;
}

void check_encoder(const nlohmann::json& config) {
  const std::string positions = config_fields(config).text("position_embedding_type", "absolute");
  require(positions == "absolute",
          "config.json: position_embedding_type '{}' is not supported, only 'absolute'", positions);
  for (const char* key : {"is_decoder", "add_cross_attention"}) {
    require(!config_fields(config).boolean(key, false), "config.json: {} is not supported", key);
  }
}

}  // namespace braid
