// verify: do two checkpoints compute the same function? The proof that an alignment is exact.
#pragma once

#include "braid/models/model.h"
#include "braid/networks/sequences.h"
#include "braid/random.h"

namespace braid {

struct Difference {
  double largest = 0;                                   // |difference| of outputs
  double scale = 0;                                     // largest |output| of the first model
  std::int64_t sequence = 0, position = 0, output = 0;  // where; output = token id of a logit
  std::int64_t sequences = 0, tokens = 0;               // compared
  std::string compared;                                 // what the outputs are

  double relative() const { return scale > 0 ? largest / scale : largest; }
};

// Outputs of every head, in float64, on the given token ids; where none reads the stream, whose
// units may be ordered differently, the inner products of its hidden states at every pair of
// positions.
Difference verify(const Model& first, const Model& second,
                  const std::vector<TokenSequence>& sequences, const Compute& compute);

// Sequences of random ordinary ids, for when there is no text.
std::vector<TokenSequence> random_sequences(const Model& model, std::int64_t count,
                                            std::uint64_t seed);

}  // namespace braid
