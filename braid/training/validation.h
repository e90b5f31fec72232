// Validation: scores parameters while they are trained, keeps the best and stops when patience is
// over. What it knows lives in the training state, so that a resumed run goes on with it.
#pragma once

#include "braid/tasks/evaluate.h"
#include "braid/training/loop.h"

namespace braid {

// A score on text that is not trained on.
struct DevPoint {
  std::int64_t step = 0, tokens = 0;  // trained on until here
  double epoch = 0;
  Score score;
};

using DevLog = std::function<void(const DevPoint&)>;

// How a training went.
struct TrainingRecord {
  std::vector<TrainingPoint> curve;
  std::vector<DevPoint> dev;   // empty where nothing was scored on the way
  std::int64_t best_step = 0;  // whose parameters are kept: the best on dev, or the last

  // The score of those parameters; null where nothing was scored.
  const DevPoint* best() const;
};

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

  // By `examples` of their task's own measure.
  static Options on(const Network& network, const Examples& examples, const Compute& compute);

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
