// TokenSequence: one text as a model reads it; pad: several texts as one batch.
#pragma once

#include "braid/networks/network.h"

namespace braid {

struct TokenSequence {
  std::vector<std::int64_t> ids;
  std::vector<std::int64_t> types;  // as many, or empty: all 0

  bool empty() const { return ids.empty(); }
  std::int64_t size() const { return static_cast<std::int64_t>(ids.size()); }
};

// (B, T) with T the longest sequence. No mask where none is shorter, no types where all are 0.
Batch pad(const std::vector<TokenSequence>& sequences);

}  // namespace braid
