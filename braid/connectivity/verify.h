// verify: tests whether two checkpoints compute the same function, e.g. that an alignment is exact.
#pragma once

#include "braid/models/model.h"
#include "braid/networks/sequences.h"
#include "braid/random.h"

namespace braid {

struct Difference {
  double largest = 0;                                 // largest |difference| of outputs
  double scale = 0;                                   // largest |output| of the first model
  std::string output;                                 // its name: "vocabulary logits"
  std::int64_t sequence = 0, position = 0, unit = 0;  // where; unit = token id of a logit
  std::int64_t sequences = 0, tokens = 0;             // compared
  std::string compared;                               // names of all outputs
  Frame frame = Frame::fixed;

  double relative() const { return scale > 0 ? largest / scale : largest; }
};

// Compares all outputs (networks/network.h) in float64 on the given tokens. Returns the largest
// difference of the output that differs most relative to its own scale. In a free frame, bare
// stacks may return their units in another order or basis.
Difference verify(const Model& first, const Model& second,
                  const std::vector<TokenSequence>& sequences, const Compute& compute,
                  Frame frame = Frame::fixed);

// Sequences of random token ids (or images), for use without a text.
std::vector<TokenSequence> random_sequences(const Model& model, std::int64_t count,
                                            std::uint64_t seed);

}  // namespace braid
