#include "braid/models/network.h"

#include "braid/architectures/architecture.h"
#include "braid/error.h"
#include "braid/models/bert.h"
#include "braid/models/gpt2.h"

namespace braid {

at::Tensor Dropout::apply(const at::Tensor& x, double probability) const {
  if (probability <= 0) return x;
  const at::Tensor kept = at::empty_like(x).bernoulli_(1 - probability, generator);
  return x * kept.div_(1 - probability);
}

at::Tensor Network::pool(const Tensors&, const at::Tensor&, const TapFunction&) const {
  throw std::logic_error("this network has no pooler");
}

at::Tensor Network::sentence_logits(const Tensors&, const at::Tensor&) const {
  throw std::logic_error("this network has no sentence head");
}

std::unique_ptr<Network> make_network(const nlohmann::json& config) {
  const std::string type = find_architecture(config, "config.json").model_type;
  if (type == "bert") return std::make_unique<Bert>(config);
  if (type == "gpt2") return std::make_unique<Gpt2>(config);
  fail("model_type '{}' has a symmetry table but no forward pass", type);
}

void check_tokens(const Network& network, const at::Tensor& input_ids) {
  require(input_ids.size(1) <= network.max_positions(),
          "a sequence of {} tokens is longer than the model's {} positions; lower --max-length or "
          "--block",
          input_ids.size(1), network.max_positions());
  if (input_ids.numel() == 0) return;
  const auto lowest = input_ids.min().item<std::int64_t>();
  const auto highest = input_ids.max().item<std::int64_t>();
  require(lowest >= 0 && highest < network.vocabulary_size(),
          "token id {} is outside the model's vocabulary of {}; are tokenizer and model from one "
          "checkpoint?",
          lowest < 0 ? lowest : highest, network.vocabulary_size());
}

}  // namespace braid
