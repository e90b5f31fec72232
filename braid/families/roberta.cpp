// RoBERTa (Liu et al. 2019), and XLM-RoBERTa and CamemBERT, the same with other vocabularies:
// BERT's encoder with positions counted from pad_token_id + 1.
#include "braid/families/bert_encoder.h"

namespace braid {

extern const Family roberta, xlm_roberta, camembert;

namespace {

const MaskedHeadNames masked = {"lm_head.dense", "lm_head.layer_norm", "lm_head.decoder",
                                "lm_head.bias"};

BertEncoder encoder_of(const Family& family) {
  return {.family = &family, .names = bert_names, .masked = masked, .places_behind_pad = true};
}

const BertEncoder of_roberta = encoder_of(roberta), of_xlm_roberta = encoder_of(xlm_roberta),
                  of_camembert = encoder_of(camembert);

Head classifier() {
  Head head = linear_head(Predicts::label, Reads::first, "classifier.out_proj");
  head.dense = "classifier.dense";
  head.activation = Activation("tanh");
  head.tap = "features";
  return head;
}

// `model`: prefix of class names.
Family family_named(const std::string& model_type, const std::string& title,
                    const std::string& model, std::int64_t words) {
  return {
      .model_type = model_type,
      .title = title,
      .prefix = "roberta.",
      .parts = {{"pooler", "pooler.", true},
                {"masked LM", "lm_head.", false, false,
                 masked_head(masked, names_of_bert().words, Activation("gelu"))},
                {"decoder bias", masked.decoder + ".bias", false, false, {}, true},
                {"classifier", "classifier.", false, false, classifier()},
                {"multiple choice", "classifier.", false, false,
                 linear_head(Predicts::choice, Reads::pooled, "classifier", 1)}},
      .classes = {{model + "ForMaskedLM", {"masked LM"}},
                  {model + "Model", {"pooler"}},
                  {model + "ForSequenceClassification", {"classifier"}},
                  {model + "ForTokenClassification", {"token classifier"}},
                  {model + "ForMultipleChoice", {"pooler", "multiple choice"}},
                  {model + "ForQuestionAnswering", {"question answering"}}},
      .defaults = {{"vocab_size", words}, {"max_position_embeddings", 512}, {"pad_token_id", 1}},
      .sample = {{"max_position_embeddings", 18}, {"type_vocab_size", 1}}};
}

}  // namespace

const Family roberta = family_of<of_roberta>(family_named("roberta", "RoBERTa", "Roberta", 50265));
const Family xlm_roberta =
    family_of<of_xlm_roberta>(family_named("xlm-roberta", "XLM-RoBERTa", "XLMRoberta", 30522));
const Family camembert =
    family_of<of_camembert>(family_named("camembert", "CamemBERT", "Camembert", 30522));

}  // namespace braid
