// Listener: what long work tells whoever asked for it. A command prints it, a study counts it, a
// library may leave it empty.
#pragma once

#include "braid/progress.h"
#include "braid/training/validation.h"

namespace braid {

struct Listener {
  // A Progress that counts in `unit` ("lines"); called from one thread at a time.
  std::function<Progress(const char* unit)> counting;
  // For each training its own.
  std::function<TrainingLog()> training;
  DevLog scoring;

  Progress count(const char* unit) const { return counting ? counting(unit) : Progress(); }
  TrainingLog log() const { return training ? training() : TrainingLog(); }
};

}  // namespace braid
