// Listener: callbacks for progress, training logs and scores. The command line prints them, a study
// counts them, library users may leave them empty.
#pragma once

#include "braid/progress.h"
#include "braid/training/validation.h"

namespace braid {

struct Listener {
  // Makes a Progress that counts in `unit` ("lines"); called from one thread at a time.
  std::function<Progress(const char* unit)> counting;
  // Makes a log for each training.
  std::function<TrainingLog()> training;
  DevLog scoring;

  Progress count(const char* unit) const { return counting ? counting(unit) : Progress(); }
  TrainingLog log() const { return training ? training() : TrainingLog(); }
};

}  // namespace braid
