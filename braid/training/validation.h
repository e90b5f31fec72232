// Validation: scores parameters during training, keeps the best and stops when patience runs out.
// Its data are in the training state, so that a resumed run continues with them.
#pragma once

#include "braid/tasks/evaluate.h"
#include "braid/training/loop.h"

namespace braid {

// A score on held-out text.
struct DevPoint {
  std::int64_t step = 0, tokens = 0;  // trained so far
  double epoch = 0;
  Score score;
};

using DevLog = std::function<void(const DevPoint&)>;

// The history of a training.
struct TrainingRecord {
  std::vector<TrainingPoint> curve;
  std::vector<DevPoint> dev;   // empty without validation
  std::int64_t best_step = 0;  // step of the kept parameters: the best on dev, or the last

  // The score of the kept parameters; null without validation.
  const DevPoint* best() const;
};

class Validation {
 public:
  struct Options {
    std::function<Score(const Tensors&)> measure;
    std::function<double(const Score&)> value;  // the larger the better
    std::int64_t every = 1;                     // steps
    std::int64_t patience = 0;  // scores without improvement before stopping; 0 = never
    std::int64_t steps_per_epoch = 1;
    DevLog log;
  };
  explicit Validation(Options options) : options_(std::move(options)) {}

  // Options that score `examples` by their task's measure.
  static Options on(const Network& network, const Examples& examples, const Compute& compute);

  // Call after every step.
  void operator()(TrainingState& state, bool last) const;

 private:
  Options options_;
};

struct Validated {
  Tensors parameters;  // the best, or the last without validation
  std::int64_t best_step = 0;
  std::vector<DevPoint> points;
};

// The result of a training with or without validation.
Validated take_best(TrainingState& state);

}  // namespace braid
