// Validation: scores parameters while they are trained, keeps the best and stops when patience is
// over. What it knows lives in the training state, so that a resumed run goes on with it.
#pragma once

#include "braid/connectivity/evaluate.h"
#include "braid/training/loop.h"

namespace braid {

// A score on text that is not trained on.
struct DevPoint {
  std::int64_t step = 0, tokens = 0;  // trained on until here
  double epoch = 0;
  Score score;
};

using DevLog = std::function<void(const DevPoint&)>;

class Validation {
 public:
  struct Options {
    std::function<Score(const Tensors&)> measure;
    std::function<double(const Score&)> value;  // the larger the better
    std::int64_t every = 1;                     // steps
    std::int64_t patience = 0;  // stop after so many scores without a better one; 0 = never
    std::int64_t steps_per_epoch = 1;
    DevLog log;
  };
  explicit Validation(Options options) : options_(std::move(options)) {}

  // To be called after every step.
  void operator()(TrainingState& state, bool last) const;

 private:
  Options options_;
};

struct Validated {
  Tensors parameters;  // the best, or the last where nothing was scored
  std::int64_t best_step = 0;
  std::vector<DevPoint> points;
};

// What a training that was watched leaves.
Validated take_best(TrainingState& state);

}  // namespace braid
