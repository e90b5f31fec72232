// Random: a seeded random stream that is the same on every platform and standard library.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

namespace braid {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  // Uniform in [0, 1), 53 bits.
  double uniform() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }

  // Uniform in 0 ... n - 1, without modulo bias. REQUIRES n > 0.
  std::int64_t below(std::int64_t n) {
    const auto range = static_cast<std::uint64_t>(n);
    const std::uint64_t limit = range * (std::mt19937_64::max() / range);
    std::uint64_t draw = engine_();
    while (draw >= limit) draw = engine_();
    return static_cast<std::int64_t>(draw % range);
  }

  // Standard normal (Box-Muller, the cosine half).
  double normal() {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * uniform());
  }

  // A uniform permutation of 0 ... n - 1 (Fisher-Yates).
  std::vector<std::int64_t> permutation(std::int64_t n) {
    std::vector<std::int64_t> order(static_cast<std::size_t>(n));
    std::iota(order.begin(), order.end(), std::int64_t{0});
    for (std::int64_t i = n - 1; i > 0; --i) {
      std::swap(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(below(i + 1))]);
    }
    return order;
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace braid
