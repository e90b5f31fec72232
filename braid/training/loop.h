// The training loop: gradients of a step's parts, added in order, an optimiser step, a curve, and a
// state file. A step depends only on its number, so an interrupted run resumes from its last saved
// state with the same result, for any number of threads.
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
  // Mean over the steps since the previous point, in nats per scored token or example.
  double loss = 0;
};

// Called for every point of the curve.
using TrainingLog = std::function<void(const TrainingPoint&, std::int64_t steps)>;

// Contents of a state file, besides the optimiser's moments.
struct TrainingState {
  Tensors parameters;  // leaves that require gradients
  std::int64_t step = 0, tokens = 0;
  std::vector<TrainingPoint> curve;
  nlohmann::json notes;         // of the caller, such as dev scores
  Tensors kept;                 // of the caller, such as the best parameters so far
  bool stopped = false;         // by the caller, before the last step
  double loss_since_point = 0;  // summed over the steps since the curve's last point
};

// A part of a step's batch: its contribution to the step's mean loss, differentiable in the
// parameters.
struct StepPart {
  std::function<at::Tensor(const Tensors& parameters)> loss;
  std::int64_t tokens = 0;
};

// The parts of a step's batch; their division is deterministic.
using StepSource = std::function<std::vector<StepPart>(std::int64_t step)>;

struct TrainingRun {
  nlohmann::json identity;  // a state is resumed only if its identity is equal
  OptimiserOptions optimiser;
  const char* rate_option = "learning-rate";  // option name, for messages
  // Steps between saved states; 0 = none. An interrupted run also saves one.
  std::int64_t save_every = 500;
  Compute compute;
  StepSource parts;
  // The parameters as the parts see them at a step, differentiable; by default unchanged.
  std::function<Tensors(const Tensors& parameters, std::int64_t step)> view;
  // After each step; may stop the run. Optional.
  std::function<void(TrainingState&)> after;
  TrainingLog log;
};

// Resumes from `file` if it exists; the caller removes it once the result is saved. Throws if it
// belongs to another run, or if the loss or a parameter becomes NaN or infinite.
TrainingState train(const Tensors& start, const TrainingRun& run,
                    const std::filesystem::path& file);

// An independent random stream for each (seed, purpose, number).
Random random_stream(std::uint64_t seed, std::uint64_t purpose, std::int64_t number);

// Parts per batch, for any number of threads.
inline constexpr std::int64_t step_parts = 4;

}  // namespace braid
