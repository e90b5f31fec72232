// The ids that stand around the texts of a sequence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace braid {

struct SequenceTemplate {
  std::vector<std::int64_t> before, after;           // the first text, the last one
  std::optional<std::vector<std::int64_t>> between;  // two texts; none: there are no pairs
  // The second text and what comes after it have type 1, and so have the last `typed_between` of
  // `between`; the rest has 0, and otherwise all.
  bool typed = false;
  std::size_t typed_between = 0;
};

}  // namespace braid
