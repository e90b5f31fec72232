#include "braid/connectivity/verify.h"

#include <algorithm>

#include "braid/error.h"
#include "braid/parallel.h"

namespace braid {
namespace {

// Compares one output (rows, units) on one sequence.
Difference compare(const Output& a, const Output& b) {
  Difference found;
  found.output = a.name;
  const at::Tensor x = a.values.flatten(0, -2);
  const at::Tensor gap =
      at::nan_to_num((x - b.values.flatten(0, -2)).abs(), std::numeric_limits<double>::infinity());
  found.scale = x.abs().max().item<double>();
  found.largest = gap.max().item<double>();
  const std::int64_t where = gap.argmax().item<std::int64_t>();
  found.position = where / gap.size(1);
  found.unit = where % gap.size(1);
  return found;
}

// The larger difference, with the larger scale.
Difference worse(const Difference& a, const Difference& b) {
  Difference worst = b.largest > a.largest ? b : a;
  worst.scale = std::max(a.scale, b.scale);
  return worst;
}

}  // namespace

Difference verify(const Model& first, const Model& second,
                  const std::vector<TokenSequence>& sequences, const Compute& compute,
                  Frame frame) {
  network_of(first);
  network_of(second);
  // An untied decoder is an additional tensor, but the same function.
  const bool tied = first.ties.size() == second.ties.size();
  require_same_architecture(tied ? first : untie(first), tied ? second : untie(second));
  require(!sequences.empty(), "no text to compare the models on");
  Compute wide = compute;
  wide.dtype = at::kDouble;
  const Tensors x = cast(first.parameters, wide), y = cast(second.parameters, wide);
  std::vector<std::vector<Difference>> found(sequences.size());  // by sequence, then output
  parallel_for(static_cast<std::int64_t>(sequences.size()), compute.threads, [&](std::int64_t i) {
    const c10::InferenceMode inference;
    const auto at = static_cast<std::size_t>(i);
    const Batch batch = pad({sequences[at]}).to(compute.device);
    check_tokens(*first.network, batch);
    const std::vector<Output> a = all_outputs(*first.network, x, batch, frame),
                              b = all_outputs(*second.network, y, batch, frame);
    for (std::size_t k = 0; k < a.size(); ++k) {
      require(all_finite(a[k].values),
              "{}: its outputs are NaN or infinite even in float64, so they cannot be compared",
              first.folder.string());
      found[at].push_back(compare(a[k], b[k]));
      found[at].back().sequence = i;
    }
  });
  std::vector<Difference> outputs = found.front();
  for (std::size_t i = 1; i < found.size(); ++i) {
    for (std::size_t k = 0; k < outputs.size(); ++k) outputs[k] = worse(outputs[k], found[i][k]);
  }
  Difference result = *std::max_element(
      outputs.begin(), outputs.end(),
      [](const Difference& a, const Difference& b) { return a.relative() < b.relative(); });
  for (const Difference& output : outputs) {
    result.compared += (result.compared.empty() ? "" : ", ") + output.output;
  }
  for (const TokenSequence& sequence : sequences) {
    result.tokens += first.network->tokens(pad({sequence}));
  }
  result.sequences = std::ssize(sequences);
  result.frame = frame;
  return result;
}

std::vector<TokenSequence> random_sequences(const Model& model, std::int64_t count,
                                            std::uint64_t seed) {
  Random random(seed);
  std::vector<TokenSequence> sequences(static_cast<std::size_t>(count));
  const Network& network = network_of(model);
  if (network.reads_images()) {
    for (auto& image : sequences) {
      image.pixels = at::empty(network.image_shape(), at::kDouble);
      double* values = image.pixels.data_ptr<double>();
      for (std::int64_t i = 0; i < image.pixels.numel(); ++i) values[i] = random.normal();
    }
    return sequences;
  }
  const std::int64_t length = std::min<std::int64_t>(64, network.max_positions());
  for (auto& sequence : sequences) {
    for (std::int64_t i = 0; i < length; ++i) {
      sequence.ids.push_back(random.below(network.vocabulary_size()));
    }
  }
  return sequences;
}

}  // namespace braid
