#include "braid/training/pretrain.h"

#include <cmath>

#include "braid/error.h"
#include "braid/training/initialise.h"
#include "braid/training/masked_steps.h"

namespace braid {
namespace {

using Sequence = std::vector<std::int64_t>;

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
  training.optimiser = {options.learning_rate, options.weight_decay, options.clip, options.steps,
                        warmup_steps(options.warmup, options.steps)};
  training.save_every = options.save_every;
  training.threads = options.threads;
  training.log = log;
  training.parts = masked_steps(*network, std::move(cut), tokenizer,
                                {options.batch_size, options.mask_probability, options.seed});
  TrainingState trained =
      train(initialise_masked_model(config, options.seed).parameters, training, state);
  return {std::move(trained.parameters), std::move(trained.curve)};
}

}  // namespace braid
