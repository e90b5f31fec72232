#include "braid/connectivity/verify.h"

#include <algorithm>

#include "braid/error.h"
#include "braid/parallel.h"

namespace braid {
namespace {

// One (positions, outputs) matrix of everything the model computes for one sequence.
at::Tensor outputs(const Network& network, const Tensors& parameters, const Batch& batch) {
  const at::Tensor hidden = network.encode(parameters, batch);
  if (network.has_token_head(parameters)) return network.token_logits(parameters, hidden)[0];
  return at::matmul(hidden, hidden.transpose(1, 2))[0];
}

// Sentence outputs (1, outputs), or undefined without such a head.
at::Tensor sentence_outputs(const Network& network, const Tensors& parameters, const Batch& batch) {
  if (!network.has_pooler(parameters)) return {};
  const at::Tensor pooled = network.pool(parameters, network.encode(parameters, batch));
  if (network.has_sentence_head(parameters)) return network.sentence_logits(parameters, pooled);
  return at::matmul(pooled, pooled.t());
}

}  // namespace

Difference verify(const Model& first, const Model& second,
                  const std::vector<TokenSequence>& sequences, int threads) {
  // A decoder that was untied is a tensor more, and no other function.
  const bool tied = first.ties.size() == second.ties.size();
  require_same_architecture(tied ? first : untie(first), tied ? second : untie(second));
  require(!sequences.empty(), "there is no text to compare the models on");
  const Tensors x = cast(first.parameters, at::kDouble), y = cast(second.parameters, at::kDouble);
  std::vector<Difference> found(sequences.size());
  parallel_for(static_cast<std::int64_t>(sequences.size()), threads, [&](std::int64_t i) {
    const c10::InferenceMode inference;
    Difference& difference = found[static_cast<std::size_t>(i)];
    const Batch batch = pad({sequences[static_cast<std::size_t>(i)]});
    check_tokens(*first.network, batch.input_ids);
    const auto compare = [&](const at::Tensor& a, const at::Tensor& b) {
      difference.scale = std::max(difference.scale, a.abs().max().item<double>());
      const at::Tensor gap = at::nan_to_num((a - b).abs(), std::numeric_limits<double>::infinity());
      const double largest = gap.max().item<double>();
      if (largest <= difference.largest) return;
      const std::int64_t where = gap.argmax().item<std::int64_t>();
      difference.largest = largest;
      difference.position = where / gap.size(1);
      difference.output = where % gap.size(1);
    };
    compare(outputs(*first.network, x, batch), outputs(*second.network, y, batch));
    const at::Tensor sentence = sentence_outputs(*first.network, x, batch);
    if (sentence.defined()) compare(sentence, sentence_outputs(*second.network, y, batch));
    difference.sequence = i;
    difference.tokens = batch.input_ids.size(1);
  });
  Difference result;
  for (const Difference& one : found) {
    const std::int64_t tokens = result.tokens + one.tokens;
    const double scale = std::max(result.scale, one.scale);
    if (one.largest > result.largest) result = one;
    result.tokens = tokens;
    result.scale = scale;
  }
  result.sequences = static_cast<std::int64_t>(sequences.size());
  result.compared = first.network->has_token_head(first.parameters)
                        ? "vocabulary logits"
                        : "inner products of hidden states";
  return result;
}

std::vector<TokenSequence> random_sequences(const Model& model, std::int64_t count,
                                            std::uint64_t seed) {
  Random random(seed);
  std::vector<TokenSequence> sequences(static_cast<std::size_t>(count));
  const std::int64_t length = std::min<std::int64_t>(64, model.network->max_positions());
  for (auto& sequence : sequences) {
    for (std::int64_t i = 0; i < length; ++i) {
      sequence.ids.push_back(random.below(model.network->vocabulary_size()));
    }
  }
  return sequences;
}

}  // namespace braid
