// ELECTRA (Clark et al. 2020): BERT's encoder on possibly narrower word embeddings, as a generator
// of masked tokens or a discriminator of replaced ones.
#include "braid/families/bert_encoder.h"

namespace braid {

extern const Family electra;

namespace {

// Word embeddings are only projected if their width differs from the stream's.
EncoderNames names(const nlohmann::json& config) {
  EncoderNames own = names_of_bert();
  if (config_size(config, "embedding_size") != config_size(config, "hidden_size")) {
    own.projection = "embeddings_project";
  }
  return own;
}

const BertEncoder of_electra = {
    .family = &electra,
    .names = names,
    .masked = {"generator_predictions.dense", "generator_predictions.LayerNorm",
               "generator_lm_head", "generator_lm_head.bias"}};

// Adds a map and an activation before the head's own map.
Head with_features(Head head, const std::string& dense, std::optional<Activation> activation) {
  head.dense = dense;
  head.activation = std::move(activation);
  head.tap = "features";
  return head;
}

}  // namespace

const Family electra = family_of<of_electra>(
    {.model_type = "electra",
     .title = "ELECTRA",
     .prefix = "electra.",
     .parts = {{"features", "generator_predictions."},
               {"masked LM", "generator_lm_head.", false, false,
                masked_head(of_electra.masked, names_of_bert().words, Activation("gelu"))},
               {"discriminator", "discriminator_predictions.", false, false,
                with_features(linear_head(Predicts::replaced, Reads::tokens,
                                          "discriminator_predictions.dense_prediction", 1),
                              "discriminator_predictions.dense", {})},
               {"classifier", "classifier.", false, false,
                with_features(linear_head(Predicts::label, Reads::first, "classifier.out_proj"),
                              "classifier.dense", Activation("gelu"))}},
     .classes = {{"ElectraForMaskedLM", {"features", "masked LM"}},
                 {"ElectraForPreTraining", {"discriminator"}},
                 {"ElectraModel", {}},
                 {"ElectraForSequenceClassification", {"classifier"}},
                 {"ElectraForTokenClassification", {"token classifier"}},
                 {"ElectraForQuestionAnswering", {"question answering"}}},
     .defaults = {{"vocab_size", 30522},
                  {"embedding_size", 128},
                  {"max_position_embeddings", 512},
                  {"hidden_dropout_prob", 0.1},
                  {"attention_probs_dropout_prob", 0.1}},
     .sample = {{"embedding_size", 12}}});

}  // namespace braid
