#include "braid/networks/heads.h"

namespace braid {

Head linear_head(Predicts predicts, Reads reads, const std::string& map) {
  Head head{.predicts = predicts, .reads = reads};
  head.weight = {map + ".weight"};
  head.bias = {map + ".bias"};
  head.dropped = true;
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
