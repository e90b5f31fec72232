// Moments of two models' features at one tap: first and second population moments of A's and B's
// units over all tokens, and the cross block A x B (method.md, Observing). Sufficient for every
// correlation, and additive: text observed in pieces or on several machines can be combined.
#pragma once

#include <ATen/ATen.h>

#include <map>
#include <string>

#include "braid/checkpoint/tensors.h"

namespace braid {

// All tensors float64. Centred sums: square_a = sum (x - mean_a)^2,
// cross = sum (x - mean_a)(y - mean_b)'.
struct Moments {
  std::int64_t tokens = 0;
  at::Tensor mean_a, mean_b;      // (units)
  at::Tensor square_a, square_b;  // (units)
  at::Tensor cross;               // (units of A, units of B)

  // Adds the moments of another text (Chan, Golub & LeVeque 1979). REQUIRES the same units.
  void add(const Moments& other);
};

using MomentsByTap = std::map<std::string, Moments>;

// Accumulates features chunk by chunk. A chunk's products are formed in the features' precision
// about a fixed origin near the mean, so nothing cancels (bfloat16: exactly, summed in float32),
// and added in float64.
class MomentsStream {
 public:
  MomentsStream(std::int64_t units_a, std::int64_t units_b);

  // Called before add_cross: adds the sums of both chunks, and centres the chunks in place unless
  // they are bfloat16. (tokens, units) each, float32, float64 or bfloat16.
  void add_sums(at::Tensor& a, at::Tensor& b);
  // Adds rows [begin, end) of the cross block, for chunks centred by add_sums. Different rows may
  // be added from different threads.
  void add_cross(const at::Tensor& a, const at::Tensor& b, std::int64_t begin, std::int64_t end);

  MomentsStream copy() const;
  std::int64_t units_a() const { return cross_.size(0); }
  // True if all features so far and their squares are finite.
  bool is_finite_of_a() const { return all_finite(sum_a_) && all_finite(square_a_); }
  bool is_finite_of_b() const { return all_finite(sum_b_) && all_finite(square_b_); }
  Moments moments() const;  // so far
  Moments finish() &&;      // the same, without a copy

 private:
  Moments all_but_cross() const;

  std::int64_t tokens_ = 0;
  at::Tensor origin_a_, origin_b_;                          // float64, from the first chunk
  at::Tensor sum_a_, sum_b_, square_a_, square_b_, cross_;  // float64, about the origins
};

// rho = C_ab / max(s_a s_b, 1e-7) (method.md, Matching). (units of A, units of B) float64.
// REQUIRES finite moments.
at::Tensor correlation(const Moments& moments);

// The mean covariance over taps that share an axis, as one Moments (residual "all").
Moments mean_moments(const std::vector<const Moments*>& taps);

}  // namespace braid
