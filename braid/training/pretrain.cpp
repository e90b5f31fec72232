#include "braid/training/pretrain.h"

#include "braid/error.h"
#include "braid/tasks/tasks.h"
#include "braid/training/initialise.h"
#include "braid/training/token_steps.h"

namespace braid {
namespace {

// Two runs are the same if their identities are equal.
nlohmann::json identity(const nlohmann::json& config, const PretrainOptions& o,
                        const std::vector<TokenSequence>& blocks,
                        const std::optional<Examples>& valid) {
  return {{"config", config},
          {"steps", o.steps},
          {"seed", o.seed},
          {"batch_size", o.batch_size},
          {"block", o.block},
          {"mask_probability", o.mask_probability},
          {"warmup", o.warmup},
          {"learning_rate", o.learning_rate},
          {"clip", o.clip},
          {"weight_decay", o.weight_decay},
          {"blocks", fingerprint(blocks)},
          {"validated",
           {valid ? fingerprint(valid->sequences) : "", o.evaluate_every, o.patience,
            at::toString(o.compute.dtype)}}};
}

void check(const Network& network, const Tokenizer& tokenizer,
           const std::vector<TokenSequence>& blocks, const PretrainOptions& options) {
  require(options.steps > 0, "`steps` is {}, expected at least 1", options.steps);
  require(options.batch_size > 0, "`batch-size` is {}, expected at least 1", options.batch_size);
  require(options.block <= network.max_positions(),
          "`block` is {}, but config.json has {} positions", options.block,
          network.max_positions());
  require(tokenizer.size() <= network.vocabulary_size(),
          "the vocabulary has {} tokens, but config.json's vocab_size is {}", tokenizer.size(),
          network.vocabulary_size());
  require(!blocks.empty(), "no text to train on");
  for (const TokenSequence& block : blocks) {
    require(block.size() == options.block, "a sequence has {} tokens, but `block` is {}",
            block.size(), options.block);
  }
}

}  // namespace

PretrainOptions pretrain_defaults(const nlohmann::json& config) {
  PretrainOptions options;
  if (!token_task(config).is_causal()) return options;
  options.block = 256;
  options.learning_rate = 3e-4;
  options.warmup = 0.05;
  return options;
}

Pretrained pretrain(const nlohmann::json& config, const std::shared_ptr<const Tokenizer>& tokenizer,
                    std::vector<TokenSequence> blocks, const std::optional<Examples>& valid,
                    const PretrainOptions& options, const std::filesystem::path& state,
                    const TrainingLog& log, const DevLog& log_dev) {
  const auto network = make_network(config);
  const TokenTask& task = token_task(*network);
  check(*network, *tokenizer, blocks, options);
  const std::int64_t steps = options.steps, count = std::ssize(blocks);
  TokenStepOptions stepping{options.batch_size, options.seed,
                            task.drawing(tokenizer, options.mask_probability)};
  const DropoutKeys& dropout = find_family(config, "config.json").dropout;
  const auto rate = [&](const std::string& key) {
    return key.empty() ? 0 : config_fields(config).number(key, dropout.usual);
  };
  stepping.dropout = {rate(dropout.hidden), rate(dropout.attention)};
  TrainingRun training;
  training.identity = identity(config, options, blocks, valid);
  training.optimiser = {options.learning_rate, options.weight_decay, options.clip, steps,
                        warmup_steps(options.warmup, steps)};
  training.optimiser.cosine = task.is_causal();
  training.save_every = options.save_every;
  training.compute = options.compute;
  training.log = log;
  training.parts = token_steps(*network, task, std::move(blocks), stepping);
  if (valid) {
    Validation::Options watching = Validation::on(*network, *valid, options.compute);
    watching.every = options.evaluate_every;
    watching.patience = options.patience;
    watching.steps_per_epoch = std::max<std::int64_t>(count / options.batch_size, 1);
    watching.log = log_dev;
    training.after = [watch = Validation(std::move(watching)), steps](TrainingState& s) {
      watch(s, s.step == steps);
    };
  }
  TrainingState trained = train(initialise(config, options.seed), training, state);
  Validated best = take_best(trained);
  return {{std::move(trained.curve), std::move(best.points), best.best_step},
          std::move(best.parameters)};
}

}  // namespace braid
