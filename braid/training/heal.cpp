#include "braid/training/heal.h"

#include "braid/checkpoint/fingerprint.h"
#include "braid/error.h"

namespace braid {

std::optional<std::int64_t> Healed::tokens_until(double loss) const {
  for (const DevPoint& point : points) {
    if (point.score.loss <= loss) return point.tokens;
  }
  return std::nullopt;
}

Healed heal(const Model& model, const StepSource& parts, nlohmann::json identity,
            const std::function<Score(const Tensors&)>& measure, const HealOptions& options,
            const std::filesystem::path& state, const TrainingLog& log, const DevLog& log_dev) {
  require(options.steps > 0, "`heal` is {} steps, expected at least 1", options.steps);
  const std::int64_t every = options.evaluate_every > 0
                                 ? options.evaluate_every
                                 : std::max<std::int64_t>(options.steps / 20, 1);
  TrainingRun training;
  identity.update({{"healed", fingerprint(model.parameters)},
                   {"steps", options.steps},
                   {"learning_rate", options.learning_rate},
                   {"evaluate_every", every}});
  training.identity = std::move(identity);
  training.optimiser.learning_rate = options.learning_rate;
  training.rate_option = "heal-learning-rate";
  training.optimiser.steps = options.steps;
  training.optimiser.warmup_steps = warmup_steps(0.06, options.steps);
  training.compute = options.compute;
  training.log = log;
  training.parts = parts;
  const Validation watch({.measure = measure,
                          .value = [](const Score& score) { return -score.loss; },
                          .every = every,
                          .log = log_dev});
  training.after = [watch, &options](TrainingState& s) { watch(s, s.step == options.steps); };
  TrainingState trained = train(cast(model.parameters, at::kFloat), training, state);
  Validated best = take_best(trained);
  Healed healed{std::move(best.parameters), best.best_step, std::move(best.points)};
  for (auto& [name, tensor] : healed.parameters) {
    tensor = tensor.to(model.parameters.at(name).scalar_type());
  }
  return healed;
}

}  // namespace braid
