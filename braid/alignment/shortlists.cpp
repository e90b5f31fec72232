#include "braid/alignment/shortlists.h"

#include <algorithm>
#include <functional>

#include "braid/alignment/row_scans.h"

namespace braid {
namespace {

std::size_t size(std::int64_t n) { return static_cast<std::size_t>(n); }

bool better(const Candidate& a, const Candidate& b) {
  return a.profit != b.profit ? a.profit > b.profit : a.turn < b.turn;
}

}  // namespace

Shortlists::Shortlists(std::int64_t n)
    : n_(n),
      candidates_(std::make_unique_for_overwrite<Candidate[]>(size(n * longest))),
      lengths_(size(n)),
      beyond_(size(n)),
      maxima_(size(n / 8 + 4)),
      columns_(size(n)) {}

void Shortlists::make(std::int32_t i, const double* values, const double* prices) {
  find_maxima(values, prices, n_, maxima_.data());
  const std::int64_t full = n_ / row_chunk, groups = 4 * full + (n_ % row_chunk ? 1 : 0);
  // The threshold is the `wanted`-th largest maximum, so at least that many columns reach it.
  ranked_.assign(maxima_.begin(), maxima_.begin() + groups);
  if (full >= 64) {
    for (std::int64_t c = 0; c < full; ++c) {
      const double* const four = maxima_.data() + 4 * c;
      ranked_[size(c)] = std::max(std::max(four[0], four[1]), std::max(four[2], four[3]));
    }
    ranked_.resize(size(full));
  }
  const auto last = ranked_.begin() + std::min(wanted, std::ssize(ranked_)) - 1;
  std::nth_element(ranked_.begin(), last, ranked_.end(), std::greater<>());
  const double least = *last;
  beyond_[size(i)] = least;
  std::int64_t count = 0;
  const auto has = [&](std::int64_t c, auto holds) {
    const double* const four = maxima_.data() + 4 * c;
    // Not ||: four comparisons are cheaper than a branch.
    return (int{holds(four[0], least)} | int{holds(four[1], least)} | int{holds(four[2], least)} |
            int{holds(four[3], least)}) != 0;
  };
  const auto take = [&](std::int64_t from, std::int64_t to, auto holds) {
    for (std::int64_t j = from; j < to; ++j) {
      columns_[size(count)] = static_cast<std::int32_t>(j);
      count += holds(values[j] - prices[j], least) ? 1 : 0;
    }
  };
  for (std::int64_t c = 0; c < full; ++c) {
    if (has(c, std::greater<>())) take(c * row_chunk, (c + 1) * row_chunk, std::greater<>());
  }
  take(full * row_chunk, n_, std::greater_equal<>());
  // Only some of the columns equal to the threshold, lest a row full of ties be sorted whole.
  for (std::int64_t k = 0; k < full && count < longest && least > -infinity; ++k) {
    const std::int64_t c = (i / row_chunk + k) % full;
    if (has(c, std::equal_to<>())) take(c * row_chunk, (c + 1) * row_chunk, std::equal_to<>());
  }
  gathered_.clear();
  for (std::int64_t k = 0; k < count; ++k) {
    const std::int32_t j = columns_[size(k)];
    if (values[j] == -infinity) continue;
    const std::int64_t turn = j >= i ? j - i : j - i + n_;
    gathered_.push_back({values[j] - prices[j], values[j], j, static_cast<std::int32_t>(turn)});
  }
  if (std::ssize(gathered_) > longest) {
    std::nth_element(gathered_.begin(), gathered_.begin() + longest, gathered_.end(), better);
    beyond_[size(i)] = gathered_[size(longest)].profit;
    gathered_.resize(size(longest));
  }
  std::sort(gathered_.begin(), gathered_.end(), better);
  std::copy(gathered_.begin(), gathered_.end(), candidates_.get() + i * longest);
  lengths_[size(i)] = gathered_.size();
}

}  // namespace braid
