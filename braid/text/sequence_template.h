// Ids of the special tokens around the texts of a sequence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace braid {

struct SequenceTemplate {
  std::vector<std::int64_t> before, after;           // the first text, the last one
  std::optional<std::vector<std::int64_t>> between;  // two texts; nullopt: no pairs
  // If true, the last `typed_between` of `between`, the second text and `after` have type 1. All
  // others have type 0.
  bool typed = false;
  std::size_t typed_between = 0;
};

}  // namespace braid
