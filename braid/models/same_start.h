// Do two models share an initialisation? Runs from different ones have weights of equal names whose
// mean cosine is 0 up to chance, at their ends as at their starts; .11 to .21 has been seen of runs
// that were trained on from one start. Norms, biases and embeddings agree anyway and do not count.
#pragma once

#include "braid/models/model.h"

namespace braid {

struct Likeness {
  std::map<std::string, double> cosines;   // of every tensor that is not 0 in both models
  double mean = 0;                         // of those inside layers, units on both sides
  std::int64_t matrices = 0, weights = 0;  // that the mean is over

  // More than chance and more than .05.
  bool is_shared_start() const;
};

// REQUIRES one architecture.
Likeness likeness(const Model& a, const Model& b);

// A notice where they share one: they can be averaged as they are.
void notice_shared_start(const Model& a, const Model& b);

}  // namespace braid
