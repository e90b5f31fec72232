// evaluate: the loss and metrics of one set of parameters on a fixed text.
#pragma once

#include <map>
#include <variant>

#include "braid/models/model.h"
#include "braid/tasks/labelled_text.h"
#include "braid/tasks/masked_text.h"

namespace braid {

struct Score {
  double loss =
      0;  // mean negative log-likelihood, nats per scored token or example; or mean square
  std::map<std::string, double> metrics;  // masked tokens: "perplexity"; tasks: their own
  std::int64_t scored = 0;                // tokens or examples
};

// What a model is measured on. A new kind of measurement is one more alternative and its evaluate.
using ScoredText = std::variant<TokenText, LabelledText>;

// Parameters of one dtype. Sums run in order, in double: the same for any number of threads.
// REQUIRES check_text(model, text).
Score evaluate(const Network& network, const Tensors& parameters, const TokenText& text,
               int threads);
Score evaluate(const Network& network, const Tensors& parameters, const LabelledText& text,
               int threads);
Score evaluate(const Network& network, const Tensors& parameters, const ScoredText& text,
               int threads);

// Error unless the model has the head that is measured and the text fits it.
void check_text(const Model& model, const ScoredText& text);

// Tokens read, [CLS] and [SEP] among them.
std::int64_t token_count(const ScoredText& text);

}  // namespace braid
