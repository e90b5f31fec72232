// TokenSequence: one text or image as model input; pad: several as a batch.
#pragma once

#include "braid/networks/network.h"

namespace braid {

struct TokenSequence {
  std::vector<std::int64_t> ids;
  std::vector<std::int64_t> types;        // by token; empty: all 0
  std::vector<std::int64_t> positions{};  // by token; empty: 0, 1, ...
  std::vector<std::int64_t> labels{};     // by token, -100 = not scored; empty: none is scored
  double target = 0;                      // of the sequence: a class or a score
  at::Tensor pixels{};                    // (C, H, W): an image, instead of ids

  bool empty() const { return ids.empty() && !pixels.defined(); }
  std::int64_t size() const { return static_cast<std::int64_t>(ids.size()); }
};

// (B, T) with T the longest sequence, or `width` if larger. No mask if all have that length, no
// types if all are 0. REQUIRES only texts, or only images of one shape.
Batch pad(const std::vector<TokenSequence>& sequences, std::int64_t width = 0);

}  // namespace braid
