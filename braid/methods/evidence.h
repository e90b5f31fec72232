// Evidence: inputs of a method besides the two models' weights.
#pragma once

#include <optional>

#include "braid/alignment/alignment.h"
#include "braid/alignment/moments.h"
#include "braid/training/loop.h"

namespace braid {

// Inputs required by a method.
struct Needs {
  bool moments = false;  // of both models' features on a text, at taps_to_observe
  bool start = false;    // an alignment to start from
  bool losses = false;   // of merged parameters, on a text
};

struct Evidence {
  MomentsByTap moments;
  std::optional<Alignment> start;
  StepSource losses;            // of merged parameters, float32
  nlohmann::json identity;      // of a training run: equal for runs that may continue each other
  std::filesystem::path state;  // saved state of a stopped training; empty: none is kept
  TrainingLog log;
};

}  // namespace braid
