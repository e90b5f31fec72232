#include "braid/training/token_steps.h"

#include <ATen/CPUGeneratorImpl.h>

#include "braid/error.h"
#include "braid/training/shuffled.h"

namespace braid {
namespace {

using Sequence = std::vector<std::int64_t>;

// Independent streams of a run's seed.
constexpr std::uint64_t order_purpose = 1, masking_purpose = 2, dropout_purpose = 3;

TokenBatch stack(const std::vector<Sequence>& ids, const std::vector<Sequence>& labels) {
  std::vector<at::Tensor> rows, label_rows;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    rows.push_back(at::tensor(ids[i], at::kLong));
    label_rows.push_back(at::tensor(labels[i], at::kLong));
  }
  return {{at::stack(rows), {}, {}}, at::stack(label_rows)};
}

// The share of the step's loss of one part: the mean over all `scored` tokens of the step.
StepPart token_part(const Network& network, TokenBatch part, std::int64_t scored,
                    const DropoutRates& rates, std::uint64_t seed) {
  const std::int64_t tokens = part.batch.input_ids.numel();
  return {[&network, part = std::move(part), scored, rates, seed](const Tensors& parameters) {
            const bool drops = rates.hidden > 0 || rates.attention > 0;
            std::optional<Dropout> dropout;
            if (drops)
              dropout.emplace(
                  Dropout{rates.hidden, rates.attention, at::detail::createCPUGenerator(seed)});
            const at::Tensor labels = part.labels.flatten();
            const at::Tensor positions = labels.ne(-100).nonzero().squeeze(1);
            const at::Tensor logits = network.predict(parameters, part.batch, Predicts::token,
                                                      positions, drops ? &*dropout : nullptr);
            return at::cross_entropy_loss(logits, labels.index_select(0, positions), {},
                                          at::Reduction::Sum) /
                   static_cast<double>(scored);
          },
          tokens};
}

// How many sequences make a part whose logits the allocator keeps: larger ones go back to the
// system after every use, and clearing their pages takes a sixth of a step.
std::int64_t sequences_in_cache(const Network& network, std::int64_t length) {
  constexpr std::int64_t most_logits = (std::int64_t{32} << 20) / sizeof(float);
  return std::max<std::int64_t>(most_logits / (length * network.vocabulary_size()), 1);
}

// A step's batch from the sequences and labels that `next` gives, cut into parts of at most so
// many.
StepSource in_parts(
    const Network& network, std::int64_t batch_size,
    const std::function<std::pair<Sequence, Sequence>(std::int64_t number, Random& masking)>& next,
    std::uint64_t seed, std::int64_t most, const DropoutRates& rates = {}) {
  return [&network, batch_size, next, seed, most, rates](std::int64_t step) {
    Random masking = random_stream(seed, masking_purpose, step);
    Random dropping = random_stream(seed, dropout_purpose, step);
    std::vector<TokenBatch> batches;
    std::vector<Sequence> ids, labels;
    std::int64_t scored = 0;
    const std::int64_t part = std::min((batch_size + step_parts - 1) / step_parts, most);
    for (std::int64_t i = 0; i < batch_size; ++i) {
      auto [sequence, label] = next(step * batch_size + i, masking);
      ids.push_back(std::move(sequence));
      labels.push_back(std::move(label));
      if (std::ssize(ids) < part && i + 1 < batch_size) continue;
      batches.push_back(stack(ids, labels));
      scored += batches.back().labels.ne(-100).sum().item<std::int64_t>();
      ids.clear();
      labels.clear();
    }
    std::vector<StepPart> parts;
    for (TokenBatch& batch : batches) {
      const auto drawn = static_cast<std::uint64_t>(dropping.below(std::int64_t{1} << 62));
      parts.push_back(token_part(network, std::move(batch), scored, rates, drawn));
    }
    return parts;
  };
}

}  // namespace

StepSource masked_steps(const Network& network, std::vector<Sequence> blocks,
                        const WordPiece& tokenizer, const MaskedBatches& options) {
  auto order = std::make_shared<Shuffled>(std::ssize(blocks), options.seed, order_purpose);
  auto kept = std::make_shared<const std::vector<Sequence>>(std::move(blocks));
  const auto next = [order, kept, &tokenizer, options](std::int64_t number, Random& masking) {
    Sequence ids = (*kept)[(*order)[number]];
    Sequence labels = mask_tokens(ids, tokenizer, options.mask_probability, masking);
    return std::pair{std::move(ids), std::move(labels)};
  };
  return in_parts(network, options.batch_size, next, options.seed, options.batch_size);
}

StepSource ready_steps(const Network& network, const TokenText& text, std::int64_t batch_size,
                       std::uint64_t seed) {
  const auto row = [](const at::Tensor& rows, std::int64_t i) {
    const at::Tensor values = rows[i].contiguous();
    return Sequence(values.const_data_ptr<std::int64_t>(),
                    values.const_data_ptr<std::int64_t>() + values.numel());
  };
  auto kept = std::make_shared<std::vector<std::pair<Sequence, Sequence>>>();
  for (const auto& [batch, labels] : text.batches) {
    require(!batch.attention_mask.defined(), "ready batches to learn on must not be padded");
    for (std::int64_t i = 0; i < labels.size(0); ++i) {
      kept->emplace_back(row(batch.input_ids, i), row(labels, i));
    }
  }
  const auto count = std::ssize(*kept);
  auto order = std::make_shared<Shuffled>(count, seed, order_purpose);
  const auto next = [order, kept](std::int64_t number, Random&) {
    return (*kept)[(*order)[number]];
  };
  return in_parts(network, std::min<std::int64_t>(batch_size, count), next, seed, batch_size);
}

StepSource causal_steps(const Network& network, std::vector<Sequence> blocks,
                        std::int64_t batch_size, std::uint64_t seed, const DropoutRates& rates) {
  const auto count = std::ssize(blocks);
  auto order = std::make_shared<Shuffled>(count, seed, order_purpose);
  auto kept = std::make_shared<const std::vector<Sequence>>(std::move(blocks));
  const auto next = [order, kept](std::int64_t number, Random&) {
    const Sequence& block = (*kept)[(*order)[number]];
    return std::pair{Sequence(block.begin(), block.end() - 1),
                     Sequence(block.begin() + 1, block.end())};
  };
  const std::int64_t most = sequences_in_cache(network, std::ssize(kept->front()) - 1);
  return in_parts(network, std::min<std::int64_t>(batch_size, count), next, seed, most, rates);
}

}  // namespace braid
