#include "braid/training/pretrain.h"

#include <cmath>

#include "braid/error.h"
#include "braid/training/initialise.h"

namespace braid {
namespace {

using Sequence = std::vector<std::int64_t>;

// Serves the blocks of each epoch in an order of its own.
class Blocks {
 public:
  Blocks(std::vector<Sequence> blocks, std::uint64_t seed)
      : blocks_(std::move(blocks)), seed_(seed) {}

  const Sequence& operator[](std::int64_t number) {
    const auto count = static_cast<std::int64_t>(blocks_.size());
    if (const std::int64_t epoch = number / count; epoch != epoch_) {
      epoch_ = epoch;
      order_ = random_stream(seed_, 1, epoch).permutation(count);
    }
    return blocks_[static_cast<std::size_t>(order_[static_cast<std::size_t>(number % count)])];
  }

 private:
  std::vector<Sequence> blocks_;
  std::uint64_t seed_;
  std::int64_t epoch_ = -1;
  std::vector<std::int64_t> order_;
};

MaskedBatch stack(const std::vector<Sequence>& ids, const std::vector<Sequence>& labels) {
  std::vector<at::Tensor> rows, label_rows;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    rows.push_back(at::tensor(ids[i], at::kLong));
    label_rows.push_back(at::tensor(labels[i], at::kLong));
  }
  return {{at::stack(rows), {}, {}}, at::stack(label_rows)};
}

// What makes two runs the same run.
nlohmann::json identity(const nlohmann::json& config, const PretrainOptions& o,
                        const std::string& blocks) {
  return {{"config", config},   {"steps", o.steps},
          {"seed", o.seed},     {"batch_size", o.batch_size},
          {"block", o.block},   {"mask_probability", o.mask_probability},
          {"warmup", o.warmup}, {"learning_rate", o.learning_rate},
          {"clip", o.clip},     {"weight_decay", o.weight_decay},
          {"blocks", blocks}};
}

// The share of the step's loss of one part: the mean over all `scored` tokens of the step.
StepPart masked_part(const Network& network, MaskedBatch part, std::int64_t scored) {
  const std::int64_t tokens = part.batch.input_ids.numel();
  return {[&network, part = std::move(part), scored](const Tensors& parameters) {
            const at::Tensor labels = part.labels.flatten();
            const at::Tensor positions = labels.ne(-100).nonzero().squeeze(1);
            const at::Tensor hidden = network.encode(parameters, part.batch).flatten(0, 1);
            const at::Tensor logits =
                network.token_logits(parameters, hidden.index_select(0, positions));
            return at::cross_entropy_loss(logits, labels.index_select(0, positions), {},
                                          at::Reduction::Sum) /
                   static_cast<double>(scored);
          },
          tokens};
}

}  // namespace

Pretrained pretrain(const nlohmann::json& config, const WordPiece& tokenizer,
                    const std::vector<std::string>& lines, const PretrainOptions& options,
                    const std::filesystem::path& state, const TrainingLog& log) {
  require(options.steps > 0, "--steps is {}, expected at least 1", options.steps);
  require(options.batch_size > 0, "--batch-size is {}, expected at least 1", options.batch_size);
  const auto network = make_network(config);
  require(tokenizer.size() <= network->vocabulary_size(),
          "the vocabulary has {} tokens, but config.json's vocab_size is {}", tokenizer.size(),
          network->vocabulary_size());
  require(options.block <= network->max_positions(),
          "--block is {}, but config.json's max_position_embeddings is {}", options.block,
          network->max_positions());
  std::vector<Sequence> cut = token_blocks(lines, tokenizer, options.block, false);
  if (!cut.empty() && static_cast<std::int64_t>(cut.back().size()) < options.block) cut.pop_back();
  require(!cut.empty(), "the text does not fill one block of {} tokens", options.block);

  TrainingRun training;
  training.identity = identity(config, options, fingerprint_ids(cut));
  Blocks blocks(std::move(cut), options.seed);
  training.optimiser = {options.learning_rate, options.weight_decay, options.clip, options.steps,
                        warmup_steps(options.warmup, options.steps)};
  training.save_every = options.save_every;
  training.threads = options.threads;
  training.log = log;
  training.parts = [&](std::int64_t step) {
    Random masking = random_stream(options.seed, 2, step);
    std::vector<MaskedBatch> batches;
    std::vector<Sequence> ids, labels;
    std::int64_t scored = 0;
    const std::int64_t part = (options.batch_size + step_parts - 1) / step_parts;
    for (std::int64_t i = 0; i < options.batch_size; ++i) {
      ids.push_back(blocks[step * options.batch_size + i]);
      labels.push_back(mask_tokens(ids.back(), tokenizer, options.mask_probability, masking));
      if (std::ssize(ids) < part && i + 1 < options.batch_size) continue;
      batches.push_back(stack(ids, labels));
      scored += batches.back().labels.ne(-100).sum().item<std::int64_t>();
      ids.clear();
      labels.clear();
    }
    std::vector<StepPart> parts;
    for (MaskedBatch& batch : batches) {
      parts.push_back(masked_part(*network, std::move(batch), scored));
    }
    return parts;
  };
  TrainingState trained =
      train(initialise_masked_model(config, options.seed).parameters, training, state);
  return {std::move(trained.parameters), std::move(trained.curve)};
}

}  // namespace braid
