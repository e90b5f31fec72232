// evaluate: the masked-language-model loss of one set of parameters on fixed tokens.
#pragma once

#include "braid/connectivity/masked_text.h"
#include "braid/models/model.h"

namespace braid {

struct MaskedLoss {
  double loss = 0;  // mean negative log-likelihood, nats per scored token
  std::int64_t scored_tokens = 0;
  double perplexity() const;  // exp(loss): the pseudo-perplexity
};

// Parameters of one dtype. The sum runs over batches in order, in double: the same for any number
// of threads. REQUIRES network.has_token_head(parameters); Error where the text does not fit the
// model.
MaskedLoss evaluate(const Network& network, const Tensors& parameters, const MaskedText& text,
                    int threads);

// Error unless the model can predict tokens and the text fits it.
void check_text(const Model& model, const MaskedText& text);

}  // namespace braid
