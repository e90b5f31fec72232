// heal: trains a merged model further, for a few hundred steps, to see how soon it reaches its
// parents' loss.
#pragma once

#include "braid/compute.h"
#include "braid/training/validation.h"

namespace braid {

struct HealOptions {
  std::int64_t steps = 0;
  double learning_rate = 3e-4;      // peak: warm-up over 6% of the steps, linear decay to 0
  std::int64_t evaluate_every = 0;  // steps between scores; 0 = a twentieth of the steps
  Compute compute;
};

struct Healed {
  Tensors parameters;  // the best on `measure`, in the model's dtypes
  std::int64_t best_step = 0;
  std::vector<DevPoint> points;

  // Tokens trained on when a score first reached `loss`; nullopt if never.
  std::optional<std::int64_t> tokens_until(double loss) const;
};

// `measure` scores float32 parameters on held-out text. `identity`: what `parts` depends on.
// `state`: a file, see train().
Healed heal(const Model& model, const StepSource& parts, nlohmann::json identity,
            const std::function<Score(const Tensors&)>& measure, const HealOptions& options,
            const std::filesystem::path& state, const TrainingLog& log, const DevLog& log_dev = {});

}  // namespace braid
