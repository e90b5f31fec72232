// TokenSequence: one text, or image, as a model reads it; pad: several as one batch.
#pragma once

#include "braid/networks/network.h"

namespace braid {

struct TokenSequence {
  std::vector<std::int64_t> ids;
  std::vector<std::int64_t> types;        // as many, or empty: all 0
  std::vector<std::int64_t> positions{};  // the tokens' positions, or empty: 0, 1, ...
  std::vector<std::int64_t> labels{};     // of each token, -100 = not scored; or empty: none is
  double target = 0;                      // of the whole: a class, or a score
  at::Tensor pixels{};                    // (C, H, W): an image, instead of ids

  bool empty() const { return ids.empty() && !pixels.defined(); }
  std::int64_t size() const { return static_cast<std::int64_t>(ids.size()); }
};

// (B, T) with T the longest sequence, or `width` if that is more. No mask where none is shorter, no
// types where all are 0. Of images nothing but the pixels. REQUIRES all texts, or images of a
// shape.
Batch pad(const std::vector<TokenSequence>& sequences, std::int64_t width = 0);

}  // namespace braid
