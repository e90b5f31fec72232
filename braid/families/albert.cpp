// ALBERT (Lan et al. 2020): BERT's encoder with a single layer applied repeatedly, on narrower
// word embeddings. Axes are of that layer, so one element moves all its applications.
#include "braid/error.h"
#include "braid/families/bert_encoder.h"

namespace braid {

extern const Family albert;

namespace {

EncoderNames names(const nlohmann::json&) {
  EncoderNames own = names_of_bert();
  own.projection = "encoder.embedding_hidden_mapping_in";
  own.layer = "encoder.albert_layer_groups.0.albert_layers.0.";
  own.query = "attention.query";
  own.key = "attention.key";
  own.value = "attention.value";
  own.attention_output = "attention.dense";
  own.attention_norm = "attention.LayerNorm";
  own.ffn_in = "ffn";
  own.ffn_out = "ffn_output";
  own.ffn_norm = "full_layer_layer_norm";
  return own;
}

void check(const nlohmann::json& config) {
  for (const char* key : {"num_hidden_groups", "inner_group_num"}) {
    const std::int64_t stored = config_size(config, key);
    require(stored == 1, "config.json: {} is {}, expected 1: one layer shared by all", key, stored);
  }
}

const BertEncoder of_albert = {.family = &albert,
                               .names = names,
                               .masked = {"predictions.dense", "predictions.LayerNorm",
                                          "predictions.decoder", "predictions.bias"},
                               .pooler = "pooler",
                               .one_layer = true,
                               .check = check};

}  // namespace

const Family albert = family_of<of_albert>(
    {.model_type = "albert",
     .title = "ALBERT",
     .prefix = "albert.",
     .parts = {{"pooler", "pooler.", true},
               {"masked LM", "predictions.", false, false,
                masked_head(of_albert.masked, names_of_bert().words)},
               {"decoder bias", of_albert.masked.decoder + ".bias", false, false, {}, true},
               {"sentence order", "sop_classifier.", false, false,
                linear_head(Predicts::next_sentence, Reads::pooled, "sop_classifier.classifier",
                            2)},
               {"classifier", "classifier.", false, false,
                linear_head(Predicts::label, Reads::pooled, "classifier")},
               {"multiple choice", "classifier.", false, false,
                linear_head(Predicts::choice, Reads::pooled, "classifier", 1)}},
     .classes = {{"AlbertForMaskedLM", {"masked LM"}},
                 {"AlbertForPreTraining", {"pooler", "masked LM", "sentence order"}},
                 {"AlbertForSequenceClassification", {"pooler", "classifier"}},
                 {"AlbertForTokenClassification", {"token classifier"}},
                 {"AlbertForMultipleChoice", {"pooler", "multiple choice"}},
                 {"AlbertForQuestionAnswering", {"question answering"}},
                 {"AlbertModel", {"pooler"}}},
     .defaults = {{"vocab_size", 30000},
                  {"embedding_size", 128},
                  {"hidden_act", "gelu_new"},
                  {"max_position_embeddings", 512},
                  {"num_hidden_groups", 1},
                  {"inner_group_num", 1}},
     .sample = {{"embedding_size", 12}, {"num_hidden_layers", 3}}});

}  // namespace braid
