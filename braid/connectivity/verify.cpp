#include "braid/connectivity/verify.h"

#include <algorithm>

#include "braid/error.h"
#include "braid/parallel.h"

namespace braid {
Difference verify(const Model& first, const Model& second,
                  const std::vector<TokenSequence>& sequences, const Compute& compute) {
  // A decoder that was untied is a tensor more, and no other function.
  const bool tied = first.ties.size() == second.ties.size();
  require_same_architecture(tied ? first : untie(first), tied ? second : untie(second));
  require(!sequences.empty(), "there is no text to compare the models on");
  Compute wide = compute;
  wide.dtype = at::kDouble;
  const Tensors x = cast(first.parameters, wide), y = cast(second.parameters, wide);
  std::vector<Difference> found(sequences.size());
  parallel_for(static_cast<std::int64_t>(sequences.size()), compute.threads, [&](std::int64_t i) {
    const c10::InferenceMode inference;
    Difference& difference = found[static_cast<std::size_t>(i)];
    const Batch batch = pad({sequences[static_cast<std::size_t>(i)]}).to(compute.device);
    check_tokens(*first.network, batch);
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
    const std::vector<at::Tensor> a = all_outputs(*first.network, x, batch),
                                  b = all_outputs(*second.network, y, batch);
    for (std::size_t k = 0; k < a.size(); ++k) {  // a matrix (rows, outputs) each
      require(all_finite(a[k]),
              "{}: what it computes is not finite, even in float64: there is nothing to compare",
              first.folder.string());
      compare(a[k].flatten(0, -2), b[k].flatten(0, -2));
    }
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
  result.compared = first.network->head(Predicts::token) ? "vocabulary logits"
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
