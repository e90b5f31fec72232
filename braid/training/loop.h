// The training loop: gradients of a step's parts, in order, an optimiser step, a curve, and a state
// file. Each step depends only on its number, so a run that was stopped goes on from its last saved
// state to the same result, for any number of threads.
#pragma once

#include <nlohmann/json.hpp>

#include <filesystem>
#include <functional>

#include "braid/compute.h"
#include "braid/random.h"
#include "braid/training/optimiser.h"

namespace braid {

struct TrainingPoint {
  std::int64_t step = 0;
  std::int64_t tokens = 0;
  double loss =
      0;  // mean over the steps since the previous point, nats per scored token or example
};

// Tells of every point of the curve as it comes.
using TrainingLog = std::function<void(const TrainingPoint&, std::int64_t steps)>;

// What a state file holds, besides the optimiser's moments.
struct TrainingState {
  Tensors parameters;  // leaves that require gradients
  std::int64_t step = 0, tokens = 0;
  std::vector<TrainingPoint> curve;
  nlohmann::json notes;         // the caller's own, such as scores on dev
  Tensors kept;                 // the caller's own, such as the best parameters so far
  bool stopped = false;         // by the caller, before the last step
  double loss_since_point = 0;  // summed over the steps since the curve's last point
};

// A part of a step's batch: its share of the step's mean loss, differentiable in the parameters.
struct StepPart {
  std::function<at::Tensor(const Tensors& parameters)> loss;
  std::int64_t tokens = 0;
};

// The parts of a step's batch, always cut the same way.
using StepSource = std::function<std::vector<StepPart>(std::int64_t step)>;

struct TrainingRun {
  nlohmann::json identity;  // what makes two runs the same run
  OptimiserOptions optimiser;
  const char* rate_option = "learning-rate";  // what users call the optimiser's
  // Steps between saved states; 0 = none. A run that is interrupted saves one as well.
  std::int64_t save_every = 500;
  Compute compute;
  StepSource parts;
  // What the parts see of the parameters at a step, differentiable; by default the parameters
  // themselves.
  std::function<Tensors(const Tensors& parameters, std::int64_t step)> view;
  // After each step; may stop the run. Optional.
  std::function<void(TrainingState&)> after;
  TrainingLog log;
};

// `file` is read when it exists (Error where it belongs to another run) and removed by the caller
// when the result is safe. Error where the loss or a parameter is not finite.
TrainingState train(const Tensors& start, const TrainingRun& run,
                    const std::filesystem::path& file);

// An independent stream of numbers for each (seed, purpose, number).
Random random_stream(std::uint64_t seed, std::uint64_t purpose, std::int64_t number);

// Parts that a batch is cut into, however many threads there are.
inline constexpr std::int64_t step_parts = 4;

}  // namespace braid
