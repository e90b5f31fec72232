// Evidence: what a method gets to see of two models beside their weights.
#pragma once

#include <optional>

#include "braid/alignment/alignment.h"
#include "braid/alignment/moments.h"
#include "braid/training/loop.h"

namespace braid {

// What a method asks its caller for.
struct Needs {
  bool moments = false;  // of both models' features over a text, at taps_to_observe
  bool start = false;    // an alignment to start from
  bool losses = false;   // of merged parameters, on a text
};

// What it then gets.
struct Evidence {
  MomentsByTap moments;
  std::optional<Alignment> start;
  StepSource losses;            // of merged parameters, float32
  nlohmann::json identity;      // of a training: what makes two runs the same
  std::filesystem::path state;  // where a stopped training goes on; empty: nowhere
  TrainingLog log;
};

}  // namespace braid
