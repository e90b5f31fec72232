#include "braid/training/pretrain.h"

#include <cmath>

#include "braid/error.h"
#include "braid/tasks/causal_text.h"
#include "braid/training/initialise.h"
#include "braid/training/token_steps.h"

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

void check(const PretrainOptions& options) {
  require(options.steps > 0, "--steps is {}, expected at least 1", options.steps);
  require(options.batch_size > 0, "--batch-size is {}, expected at least 1", options.batch_size);
}

}  // namespace

Pretrained pretrain(const nlohmann::json& config, const WordPiece& tokenizer,
                    const std::vector<std::string>& lines, const PretrainOptions& options,
                    const std::filesystem::path& state, const TrainingLog& log) {
  check(options);
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
  TrainingState trained = train(initialise(config, options.seed), training, state);
  return {std::move(trained.parameters), std::move(trained.curve), {}, trained.step};
}

Pretrained pretrain_causal(const nlohmann::json& config, const std::vector<std::int64_t>& ids,
                           const std::optional<TokenText>& valid, const PretrainOptions& options,
                           const std::filesystem::path& state, const TrainingLog& log,
                           const DevLog& log_dev) {
  check(options);
  const auto network = make_network(config);
  require(options.block <= network->max_positions(),
          "--block is {}, but config.json's n_positions is {}", options.block,
          network->max_positions());
  for (const std::int64_t id : ids) {
    require(id < network->vocabulary_size(),
            "token id {} is outside config.json's vocab_size of {}", id,
            network->vocabulary_size());
  }
  std::vector<Sequence> blocks = overlapping_blocks(ids, options.block);
  std::erase_if(blocks, [&](const Sequence& b) { return std::ssize(b) != options.block + 1; });
  require(!blocks.empty(), "the text does not fill one block of {} tokens", options.block);
  const auto count = std::ssize(blocks);
  const DropoutRates dropout{config.value("resid_pdrop", 0.1), config.value("attn_pdrop", 0.1)};

  TrainingRun training;
  training.identity = identity(config, options, fingerprint_ids(blocks));
  training.identity["validated"] = {valid.has_value(), options.evaluate_every, options.patience};
  training.optimiser = {options.learning_rate, options.weight_decay, options.clip, options.steps,
                        warmup_steps(options.warmup, options.steps)};
  training.optimiser.cosine = true;
  training.save_every = options.save_every;
  training.threads = options.threads;
  training.log = log;
  training.parts =
      causal_steps(*network, std::move(blocks), options.batch_size, options.seed, dropout);
  if (valid) {
    const Validation watch(
        {.measure =
             [&](const Tensors& parameters) {
               return evaluate(*network, parameters, *valid, options.threads);
             },
         .value = [](const Score& score) { return -score.loss; },
         .every = options.evaluate_every,
         .patience = options.patience,
         .steps_per_epoch = std::max<std::int64_t>(count / options.batch_size, 1),
         .log = log_dev});
    const std::int64_t steps = options.steps;
    training.after = [watch, steps](TrainingState& s) { watch(s, s.step == steps); };
  }
  TrainingState trained = train(initialise(config, options.seed), training, state);
  Validated best = take_best(trained);
  return {std::move(best.parameters), std::move(trained.curve), std::move(best.points),
          best.best_step};
}

}  // namespace braid
