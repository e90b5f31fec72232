// The loss along the path from one model to another, asked for.
#pragma once

#include "braid/connectivity/barrier.h"
#include "braid/pipeline/align.h"
#include "braid/pipeline/score_request.h"

namespace braid {

struct CurveRequest {
  std::string alignment;  // file; empty: the plain path
  Decoder decoder = Decoder::tied;
  std::int64_t points = 21;
  ScoreRequest score;
};

// What shapes the curve beside the models and what they are scored on. `score` has its own list.
OptionList options_of(CurveRequest& request);

// Two models, in canonical form where their alignment is of that, and the alignment.
struct AlignedPair {
  Model a, b;
  std::optional<Alignment> alignment;
};
// Error unless the models fit each other and the alignment, of a file that may be empty: none.
AlignedPair load_pair(const std::filesystem::path& a, const std::filesystem::path& b,
                      const std::filesystem::path& alignment);

// Error where an alignment that is a symmetry does not end in B.
Curve trace(const AlignedPair& pair, const CurveRequest& request, const Compute& compute,
            const Listener& listener = {});

}  // namespace braid
