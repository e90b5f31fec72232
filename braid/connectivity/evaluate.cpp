#include "braid/connectivity/evaluate.h"

#include <cmath>

#include "braid/error.h"
#include "braid/parallel.h"

namespace braid {

double MaskedLoss::perplexity() const { return std::exp(loss); }

MaskedLoss evaluate(const Network& network, const Tensors& parameters, const MaskedText& text,
                    int threads) {
  std::vector<double> sums(text.batches.size());
  parallel_for(static_cast<std::int64_t>(sums.size()), threads, [&](std::int64_t i) {
    const c10::InferenceMode inference;
    const auto& [batch, labels] = text.batches[static_cast<std::size_t>(i)];
    check_tokens(network, batch.input_ids);
    const at::Tensor hidden = network.encode(parameters, batch).flatten(0, 1);
    const at::Tensor flat = labels.flatten();
    const at::Tensor scored = flat.ne(-100).nonzero().squeeze(1);
    if (scored.numel() == 0) return;
    const at::Tensor logits = network.token_logits(parameters, hidden.index_select(0, scored));
    const at::Tensor wide = logits.to(at::promote_types(logits.scalar_type(), at::kFloat));
    const at::Tensor log_likelihood =
        at::log_softmax(wide, -1).gather(1, flat.index_select(0, scored).unsqueeze(1));
    sums[static_cast<std::size_t>(i)] = -log_likelihood.sum(at::kDouble).item<double>();
  });
  MaskedLoss result;
  for (const double sum : sums) result.loss += sum;
  result.scored_tokens = text.scored_tokens;
  result.loss /= static_cast<double>(text.scored_tokens);
  return result;
}

void check_text(const Model& model, const MaskedText& text) {
  require(model.network->has_token_head(model.parameters),
          "{}: has no masked-language-model head (cls.predictions.*), so no loss can be measured",
          model.folder.string());
  for (const auto& [batch, labels] : text.batches) {
    check_tokens(*model.network, batch.input_ids);
    check_tokens(*model.network, at::where(labels.eq(-100), 0, labels));
  }
}

}  // namespace braid
