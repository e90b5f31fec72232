// BERT (Devlin et al. 2019): post-LN encoder.
#include "braid/families/bert_encoder.h"

namespace braid {

extern const Family bert;

namespace {

const BertEncoder of_bert = {
    .family = &bert,
    .names = bert_names,
    .masked = {"cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm",
               "cls.predictions.decoder", "cls.predictions.bias"}};

}  // namespace

const Family bert = family_of<of_bert>(
    {.model_type = "bert",
     .title = "BERT",
     .prefix = "bert.",
     .parts = {{"pooler", "pooler.", true},
               {"masked LM", "cls.predictions.", false, false,
                masked_head(of_bert.masked, names_of_bert().words)},
               {"decoder bias", of_bert.masked.decoder + ".bias", false, false, {}, true},
               {"next sentence", "cls.seq_relationship.", false, false,
                linear_head(Predicts::next_sentence, Reads::pooled, "cls.seq_relationship", 2)},
               {"classifier", "classifier.", false, false,
                linear_head(Predicts::label, Reads::pooled, "classifier")},
               {"multiple choice", "classifier.", false, false,
                linear_head(Predicts::choice, Reads::pooled, "classifier", 1)}},
     .classes = {{"BertForMaskedLM", {"masked LM"}},
                 {"BertForPreTraining", {"pooler", "masked LM", "next sentence"}},
                 {"BertForNextSentencePrediction", {"pooler", "next sentence"}},
                 {"BertForSequenceClassification", {"pooler", "classifier"}},
                 {"BertForTokenClassification", {"token classifier"}},
                 {"BertForMultipleChoice", {"pooler", "multiple choice"}},
                 {"BertForQuestionAnswering", {"question answering"}},
                 {"BertModel", {"pooler"}}},
     .defaults = nlohmann::json::object(),
     .sample = nlohmann::json::object()});

}  // namespace braid
