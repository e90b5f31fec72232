#include "braid/training/token_steps.h"

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>

#include "braid/error.h"
#include "braid/tasks/outputs.h"
#include "braid/training/shuffled.h"

namespace braid {
namespace {

// Independent streams of a run's seed.
constexpr std::uint64_t order_purpose = 1, masking_purpose = 2, dropout_purpose = 3;

// The number of sequences whose logits the allocator keeps: larger blocks are returned to the
// system after every use, and clearing their pages takes a sixth of a step.
std::int64_t sequences_in_cache(const Network& network, const TokenSequence& sequence) {
  constexpr std::int64_t most_logits = (std::int64_t{32} << 20) / sizeof(float);
  return std::max<std::int64_t>(most_logits / (sequence.size() * network.vocabulary_size()), 1);
}

bool scores_every_token(const TokenSequence& sequence) {
  return !sequence.labels.empty() &&
         std::find(sequence.labels.begin(), sequence.labels.end(), -100) == sequence.labels.end();
}

}  // namespace

StepPart example_part(const Network& network, const Task& task,
                      const std::vector<TokenSequence>& sequences, std::int64_t scored,
                      const DropoutRates& rates, std::uint64_t seed, const Compute& compute) {
  StepPart part;
  for (const TokenSequence& sequence : sequences) part.tokens += sequence.size();
  part.loss = [&network, &task, batch = make_batch(sequences, task.head(), 0, compute.device),
               scored, rates, seed, compute](const Tensors& parameters) {
    std::optional<Dropout> dropout;
    if (rates.hidden > 0 || rates.attention > 0) {
      dropout.emplace(Dropout{rates.hidden, rates.attention, at::detail::createCPUGenerator(seed)});
    }
    const Tensors used = compute.dtype == at::kFloat ? parameters : cast(parameters, compute.dtype);
    const at::Tensor found =
        outputs(network, used, task.head(), batch, dropout ? &*dropout : nullptr);
    return task.loss(found, batch) / static_cast<double>(scored);
  };
  return part;
}

StepSource token_steps(const Network& network, const TokenTask& task,
                       std::vector<TokenSequence> sequences, const TokenStepOptions& options) {
  const auto count = std::ssize(sequences);
  require(count > 0, "no sequences to train on");
  const std::int64_t batch_size =
      options.draw ? options.batch_size : std::min<std::int64_t>(options.batch_size, count);
  std::int64_t part_size = (batch_size + step_parts - 1) / step_parts;
  if (scores_every_token(sequences.front())) {
    part_size = std::min(part_size, sequences_in_cache(network, sequences.front()));
  }
  auto order = std::make_shared<Shuffled>(count, options.seed, order_purpose);
  auto kept = std::make_shared<const std::vector<TokenSequence>>(std::move(sequences));
  return [&network, &task, order, kept, options, batch_size, part_size](std::int64_t step) {
    Random masking = random_stream(options.seed, masking_purpose, step);
    Random dropping = random_stream(options.seed, dropout_purpose, step);
    std::vector<std::vector<TokenSequence>> batches;
    std::int64_t scored = 0;
    for (std::int64_t i = 0; i < batch_size; ++i) {
      if (i % part_size == 0) batches.emplace_back();
      TokenSequence sequence = (*kept)[(*order)[step * batch_size + i]];
      if (options.draw) options.draw(sequence, masking);
      for (const std::int64_t label : sequence.labels) scored += label != -100;
      batches.back().push_back(std::move(sequence));
    }
    scored = std::max<std::int64_t>(scored, 1);  // if no token happens to be masked, the loss is 0
    std::vector<StepPart> parts;
    for (const auto& batch : batches) {
      const auto seed = static_cast<std::uint64_t>(dropping.below(std::int64_t{1} << 62));
      parts.push_back(
          example_part(network, task, batch, scored, options.dropout, seed, options.compute));
    }
    return parts;
  };
}

}  // namespace braid
