#include "braid/networks/heads.h"

namespace braid {

const char* outputs_title(Predicts head) {
  switch (head) {
    case Predicts::token:
      return "vocabulary logits";
    case Predicts::next_sentence:
      return "next-sentence logits";
    case Predicts::label:
      return "label logits";
    case Predicts::token_label:
      return "logits of token labels";
    case Predicts::written:
      return "logits of written tokens";
    case Predicts::replaced:
      return "logits of replaced tokens";
    case Predicts::span:
      return "logits of answer spans";
    case Predicts::choice:
      return "logits of choices";
    case Predicts::sentence:
      return "sentence embeddings";
  }
  return "";
}

Head unbiased_head(Predicts predicts, Reads reads, const std::string& map) {
  Head head{.predicts = predicts, .reads = reads};
  head.weight = {map + ".weight"};
  head.dropped = true;
  return head;
}

Head linear_head(Predicts predicts, Reads reads, const std::string& map, std::int64_t rows) {
  Head head = unbiased_head(predicts, reads, map);
  head.bias = {map + ".bias"};
  head.rows = rows;
  return head;
}

at::Tensor first_of(const Tensors& parameters, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const auto found = parameters.find(name);
    if (found != parameters.end()) return found->second;
  }
  return {};
}

at::Tensor pool(const SentencePooling& pooling, const at::Tensor& hidden, const at::Tensor& mask) {
  // Counts and positions are integers, exact in bfloat16 only up to 256.
  const at::ScalarType counting = at::promote_types(hidden.scalar_type(), at::kFloat);
  const at::Tensor seen = mask.unsqueeze(-1).to(counting);  // (B, T, 1)
  const at::Tensor first = seen.argmax(1, true);            // (B, 1, 1), first token of each text
  const at::Tensor places =
      at::arange(1, hidden.size(1) + 1, seen.options()).view({1, -1, 1}) - first;
  const auto mean = [&](const at::Tensor& weights, const at::Tensor& by) {
    return (hidden * weights).sum(1) / by.clamp_min(1e-9);
  };
  std::vector<at::Tensor> parts;
  for (const Pooling mode : pooling.modes) {
    const at::Tensor count = seen.sum(1);
    switch (mode) {
      case Pooling::cls:
        parts.push_back(hidden.gather(1, first.expand({-1, 1, hidden.size(2)})).squeeze(1));
        break;
      case Pooling::max:
        parts.push_back(std::get<0>(hidden.masked_fill(seen.eq(0), -1e9).max(1)));
        break;
      case Pooling::mean:
        parts.push_back(mean(seen, count));
        break;
      case Pooling::mean_sqrt_length:
        parts.push_back(mean(seen, count.clamp_min(1e-9).sqrt()));
        break;
      case Pooling::weighted_mean:
        parts.push_back(mean(seen * places, (seen * places).sum(1)));
        break;
      case Pooling::last_token: {
        const at::Tensor last = (seen * places).argmax(1, true).expand({-1, 1, hidden.size(2)});
        parts.push_back(hidden.gather(1, last).squeeze(1));
        break;
      }
    }
  }
  const at::Tensor sentence = at::cat(parts, 1).to(hidden.scalar_type());
  if (!pooling.normalised) return sentence;
  return sentence / at::linalg_vector_norm(sentence, 2, {1}, true).clamp_min(1e-12);
}

std::int64_t Head::outputs(const Tensors& parameters) const {
  return first_of(parameters, weight).size(0);
}

}  // namespace braid
