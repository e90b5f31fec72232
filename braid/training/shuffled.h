// Shuffled: indices of examples, in a new random order every epoch.
#pragma once

#include <vector>

#include "braid/training/loop.h"

namespace braid {

class Shuffled {
 public:
  // Indices 0 ... count - 1. `purpose`: see random_stream.
  Shuffled(std::int64_t count, std::uint64_t seed, std::uint64_t purpose)
      : count_(count), seed_(seed), purpose_(purpose) {}

  // The example at position `number` in the concatenation of all epochs.
  std::size_t operator[](std::int64_t number) {
    if (const std::int64_t epoch = number / count_; epoch != epoch_) {
      epoch_ = epoch;
      order_ = random_stream(seed_, purpose_, epoch).permutation(count_);
    }
    return static_cast<std::size_t>(order_[static_cast<std::size_t>(number % count_)]);
  }

 private:
  std::int64_t count_;
  std::uint64_t seed_, purpose_;
  std::int64_t epoch_ = -1;
  std::vector<std::int64_t> order_;
};

}  // namespace braid
