// CurveRequest: the loss along the path from one model to another.
#pragma once

#include "braid/connectivity/barrier.h"
#include "braid/pipeline/align.h"
#include "braid/pipeline/score_request.h"

namespace braid {

struct CurveRequest {
  std::string alignment;  // file; empty: no alignment
  Decoder decoder = Decoder::tied;
  std::int64_t points = 21;
  ScoreRequest score;
};

// The options of the path. `score` has its own list.
OptionList options_of(CurveRequest& request);

// Two models, in canonical form if their alignment is, and the alignment.
struct AlignedPair {
  Model a, b;
  std::optional<Alignment> alignment;
};
// Throws unless the models fit each other and the alignment. `alignment`: a file; empty: none.
AlignedPair load_pair(const std::filesystem::path& a, const std::filesystem::path& b,
                      const std::filesystem::path& alignment = {});

// Throws if the alignment is a symmetry but the path does not end at B's loss.
Curve trace(const AlignedPair& pair, const CurveRequest& request, const Compute& compute,
            const Listener& listener = {});

}  // namespace braid
