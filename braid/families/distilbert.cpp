// DistilBERT (Sanh et al. 2019): BERT's encoder without token types and pooler.
#include "braid/families/encoder_table.h"

namespace braid {

extern const Family distilbert;

namespace {

using Json = nlohmann::json;

const EncoderNames names = {.words = "embeddings.word_embeddings.weight",
                            .positions = "embeddings.position_embeddings.weight",
                            .norm = "embeddings.LayerNorm",
                            .layer = "transformer.layer.*.",
                            .query = "attention.q_lin",
                            .key = "attention.k_lin",
                            .value = "attention.v_lin",
                            .attention_output = "attention.out_lin",
                            .attention_norm = "sa_layer_norm",
                            .ffn_in = "ffn.lin1",
                            .ffn_out = "ffn.lin2",
                            .ffn_norm = "output_layer_norm"};
const MaskedHeadNames masked = {"vocab_transform", "vocab_layer_norm", "vocab_projector",
                                "vocab_projector.bias"};

std::unique_ptr<Network> network(const Json& config, const Parts& parts) {
  Sizes sizes{config_layers(config, "n_layers", 6),
              config_size(config, "n_heads", 12),
              config_size(config, "vocab_size", 30522),
              config_size(config, "max_position_embeddings", 512),
              0,      // types
              1e-12,  // fixed
              Activation(config, "activation", "gelu")};
  return std::make_unique<Encoder>(std::move(sizes), names, head_parts(distilbert, parts));
}

std::vector<Tie> ties(const Json& config) { return masked_head_ties(masked, names.words, config); }

Symmetries ablate(const Json& config, const Parts& parts, const Ablation& ablation) {
  const EncoderSizes sizes{config_layers(config, "n_layers", 6),
                           config_size(config, "n_heads", 12),
                           config_size(config, "dim", 768),
                           config_size(config, "hidden_dim", 3072),
                           config_size(config, "vocab_size", 30522),
                           config_size(config, "max_position_embeddings", 512),
                           0,  // types
                           Activation(config, "activation", "gelu")};
  EncoderTable table(distilbert, names, sizes, ablation, {"dim", "n_heads"});
  if (parts.has("masked LM")) table.add_masked_head(masked, is_tied(config), false);
  return std::move(table).build(config, parts);
}

Symmetries describe(const Json& config, const Parts& parts) { return ablate(config, parts, {}); }

Head with_features(Head head) {
  head.reads = Reads::first;
  head.dense = "pre_classifier";
  head.activation = Activation("relu");
  head.tap = "features";
  return head;
}

}  // namespace

const Family distilbert{
    .model_type = "distilbert",
    .title = "DistilBERT",
    .prefix = "distilbert.",
    .renamed_suffixes = {{"LayerNorm.gamma", "LayerNorm.weight"},
                         {"LayerNorm.beta", "LayerNorm.bias"}},
    .other_keys = {{"hidden_size", "dim"},
                   {"num_attention_heads", "n_heads"},
                   {"num_hidden_layers", "n_layers"}},
    .buffer_suffixes = {"embeddings.position_ids"},
    .parts = {{"masked LM", "vocab_", false, false, masked_head(masked, names.words)},
              {"features", "pre_classifier."},
              {"classifier", "classifier.", false, false,
               with_features(linear_head(Predicts::label, Reads::first, "classifier"))},
              {"token classifier", "classifier.", false, false,
               linear_head(Predicts::token_label, Reads::tokens, "classifier")},
              {"multiple choice", "classifier.", false, false,
               with_features(linear_head(Predicts::choice, Reads::first, "classifier", 1))},
              {"question answering", "qa_outputs.", false, false,
               linear_head(Predicts::span, Reads::tokens, "qa_outputs", 2)}},
    .classes = {{"DistilBertForMaskedLM", {"masked LM"}},
                {"DistilBertModel", {}},
                {"DistilBertForSequenceClassification", {"features", "classifier"}},
                {"DistilBertForTokenClassification", {"token classifier"}},
                {"DistilBertForMultipleChoice", {"features", "multiple choice"}},
                {"DistilBertForQuestionAnswering", {"question answering"}}},
    .defaults = {{"activation", "gelu"},
                 {"max_position_embeddings", 512},
                 {"pad_token_id", 0},
                 {"dropout", 0.0},
                 {"attention_dropout", 0.0},
                 {"initializer_range", 0.02},
                 {"tie_word_embeddings", true}},
    .sample = {{"model_type", "distilbert"},
               {"dim", 24},
               {"n_layers", 2},
               {"n_heads", 3},
               {"hidden_dim", 40},
               {"vocab_size", 37},
               {"max_position_embeddings", 16},
               {"num_labels", 3}},
    .initialisation = {names.positions, Initialisation::Branches::later},
    .ties = ties,
    .describe = describe,
    .ablate = ablate,
    .network = network};

}  // namespace braid
