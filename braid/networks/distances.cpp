#include "braid/networks/distances.h"

#include <cmath>

namespace braid {

at::Tensor Distances::rows(std::int64_t tokens, const at::TensorOptions& options) const {
  const at::Tensor places = at::arange(tokens, options.dtype(at::kLong));
  at::Tensor distance = places.unsqueeze(1) - places;
  if (reach > 0) {
    // In float32: its rounding decides between buckets.
    const std::int64_t half = span / 2;
    const at::Tensor far = distance.abs();
    const at::Tensor steps =
        at::log(far.clamp_min(half - 1).to(at::kFloat) / static_cast<float>(half)) /
        std::log(static_cast<float>(static_cast<double>(reach - 1) / static_cast<double>(half))) *
        static_cast<float>(half - 1);
    const at::Tensor bucket = (at::ceil(steps) + half).to(at::kLong) * distance.sign();
    distance = at::where(far.le(half), distance, bucket);
  }
  return (distance + span).clamp(0, 2 * span - 1);
}

at::Tensor Distances::scores(const at::Tensor& places, const at::Tensor& query,
                             const at::Tensor& key, const at::Tensor& row_queries,
                             const at::Tensor& row_keys, std::int64_t heads, double scale) const {
  const auto split = [&](const at::Tensor& x) {  // (..., T, width) -> (..., heads, T, units)
    return x.unflatten(-1, {heads, -1}).transpose(-3, -2);
  };
  // Scores of each of `x` against the rows given by `places`.
  const auto against = [&](const at::Tensor& x, const at::Tensor& of_rows,
                           const at::Tensor& where) {
    const at::Tensor all = at::matmul(split(x), split(of_rows).transpose(-1, -2));
    return all.gather(-1, where.expand({all.size(0), heads, -1, -1})) * scale;
  };
  at::Tensor sum;
  if (by_query) sum = against(query, row_keys, places);
  if (by_key) {
    const at::Tensor keyed = against(key, row_queries, places.t()).transpose(-1, -2);
    sum = sum.defined() ? sum + keyed : keyed;
  }
  return sum;
}

}  // namespace braid
