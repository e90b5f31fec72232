// DeBERTa (He et al. 2021) versions 2 and 3: BERT's encoder with attention that also scores queries
// and keys against embeddings of distances. These are vectors of the residual stream and move with
// it; they read the keys' bias, which therefore is not free.
#include "braid/error.h"
#include "braid/families/bert_encoder.h"

namespace braid {

extern const Family deberta_v2;

namespace {

using Json = nlohmann::json;

// pos_att_type: "c2p|p2c", or a list.
std::set<std::string> scored(const JsonField& config) {
  std::set<std::string> result;
  const JsonField types = config.at("pos_att_type");
  if (types.json().is_string()) {
    std::stringstream rest(types.text());
    for (std::string type; std::getline(rest, type, '|');) result.insert(type);
  } else if (!types.json().is_null()) {
    for (const JsonField& type : types.items()) result.insert(type.text());
  }
  for (const std::string& type : result) {
    require(type == "c2p" || type == "p2c",
            "config.json: pos_att_type '{}' is not supported; supported: c2p, p2c", type);
  }
  return result;
}

// Values that are not positive count as unset: 0.
std::int64_t above_zero(const JsonField& config, const char* key) {
  const std::int64_t value = config.has(key) ? config.at(key).integer(-1) : -1;
  return std::max<std::int64_t>(value, 0);
}

Distances distances(const Json& config) {
  const JsonField fields = config_fields(config);
  Distances result;
  const std::set<std::string> kinds = scored(fields);
  result.by_query = kinds.contains("c2p");
  result.by_key = kinds.contains("p2c");
  const std::string norm = fields.text("norm_rel_ebd", "none");
  require(norm == "none" || norm == "layer_norm",
          "config.json: norm_rel_ebd '{}' is not supported, only 'layer_norm' and 'none'", norm);
  // Stored even without distances.
  if (norm == "layer_norm") result.norm = "encoder.LayerNorm";
  if (!fields.boolean("relative_attention", false)) return result;
  const std::int64_t buckets = above_zero(fields, "position_buckets");
  std::int64_t reach = above_zero(fields, "max_relative_positions");
  if (reach == 0) reach = config_size(config, "max_position_embeddings");
  result.table = "encoder.rel_embeddings.weight";
  result.span = buckets > 0 ? buckets : reach;
  result.reach = buckets > 0 ? reach : 0;
  return result;
}

EncoderNames names(const Json& config) {
  EncoderNames own = names_of_bert();
  own.query = "attention.self.query_proj";
  own.key = "attention.self.key_proj";
  own.value = "attention.self.value_proj";
  const JsonField fields = config_fields(config);
  if (!fields.boolean("position_biased_input", true)) own.positions.clear();
  if (fields.at("type_vocab_size").integer(0) == 0) own.types.clear();
  own.distances = distances(config);
  return own;
}

void check(const Json& config) {
  const JsonField fields = config_fields(config);
  const std::int64_t width = config_size(config, "hidden_size");
  for (const char* key : {"embedding_size", "pooler_hidden_size"}) {
    require(config_size(config, key, width) == width,
            "config.json: {} {} is not supported with hidden_size {}; they must be equal", key,
            config_size(config, key, width), width);
  }
  for (const char* key : {"conv_kernel_size", "attention_head_size"}) {
    require(above_zero(fields, key) == 0, "config.json: {} {} is not supported", key,
            above_zero(fields, key));
  }
  const Distances of = distances(config);
  require(of.table.empty() || !of.used() || fields.boolean("share_att_key", false),
          "config.json: share_att_key false is not supported with pos_att_type; only distances "
          "projected by the query and key maps are");
  const std::string act = fields.text("pooler_hidden_act", "gelu");
  require(act == "gelu", "config.json: pooler_hidden_act '{}' is not supported, only 'gelu'", act);
  require(fields.boolean("legacy", true),
          "config.json: legacy false is not supported; only masked-LM heads under cls.predictions "
          "are");
}

const BertEncoder of_deberta = {
    .family = &deberta_v2,
    .names = names,
    .masked = {"cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm",
               "cls.predictions.decoder", "cls.predictions.bias"},
    .disentangled = true,
    .check = check};

Head with_features(Head head) {
  head.dense = "pooler.dense";
  head.activation = Activation("gelu");
  head.tap = "features";
  return head;
}

}  // namespace

const Family deberta_v2 = family_of<of_deberta>(
    {.model_type = "deberta-v2",
     .title = "DeBERTa-v2",
     .prefix = "deberta.",
     .buffer_suffixes = {"embeddings.position_ids"},
     .parts = {{"masked LM", "cls.predictions.", false, false,
                masked_head(of_deberta.masked, names_of_bert().words)},
               {"decoder bias", of_deberta.masked.decoder + ".bias", false, false, {}, true},
               {"features", "pooler."},
               {"classifier", "classifier.", false, false,
                with_features(linear_head(Predicts::label, Reads::first, "classifier"))},
               {"multiple choice", "classifier.", false, false,
                with_features(linear_head(Predicts::choice, Reads::first, "classifier", 1))}},
     .classes = {{"DebertaV2ForMaskedLM", {"masked LM"}},
                 {"DebertaV2Model", {}},
                 {"DebertaV2ForSequenceClassification", {"features", "classifier"}},
                 {"DebertaV2ForTokenClassification", {"token classifier"}},
                 {"DebertaV2ForMultipleChoice", {"features", "multiple choice"}},
                 {"DebertaV2ForQuestionAnswering", {"question answering"}}},
     .defaults = {{"vocab_size", 128100},
                  {"layer_norm_eps", 1e-7},
                  {"max_position_embeddings", 512},
                  {"type_vocab_size", 0},
                  {"relative_attention", false},
                  {"max_relative_positions", -1},
                  {"position_biased_input", true},
                  {"pos_att_type", nullptr},
                  {"hidden_dropout_prob", 0.1},
                  {"attention_probs_dropout_prob", 0.1}},
     .sample = {{"relative_attention", true},
                {"position_biased_input", false},
                {"pos_att_type", {"p2c", "c2p"}},
                {"position_buckets", 4},
                {"share_att_key", true},
                {"norm_rel_ebd", "layer_norm"}}});

}  // namespace braid
