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
    case Predicts::span:
      return "logits of answer spans";
    case Predicts::choice:
      return "logits of choices";
  }
  return "";
}

Head unbiased_head(Predicts predicts, Reads reads, const std::string& map) {
  Head head{.predicts = predicts, .reads = reads};
  head.weight = {map + ".weight"};
  head.dropped = true;
  return head;
}

Head linear_head(Predicts predicts, Reads reads, const std::string& map) {
  Head head = unbiased_head(predicts, reads, map);
  head.bias = {map + ".bias"};
  return head;
}

at::Tensor first_of(const Tensors& parameters, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const auto found = parameters.find(name);
    if (found != parameters.end()) return found->second;
  }
  return {};
}

std::int64_t Head::outputs(const Tensors& parameters) const {
  return first_of(parameters, weight).size(0);
}

}  // namespace braid
