#include "braid/alignment/row_scans.h"

#include <algorithm>
#include <cmath>
#include <cstring>

// One binary for every x86-64: the loader picks the version for the processor.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define BRAID_WIDE __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define BRAID_WIDE
#endif

namespace braid {
namespace {

using Lanes = double __attribute__((vector_size(32)));
using Flags = std::int64_t __attribute__((vector_size(32)));

[[gnu::always_inline]] inline void load(Lanes& lanes, const double* from) {
  std::memcpy(&lanes, from, sizeof lanes);
}

[[gnu::always_inline]] inline bool any(const Flags& flags) {
  return (flags[0] | flags[1] | flags[2] | flags[3]) != 0;
}

}  // namespace

BRAID_WIDE
void inspect_row(const double* row, std::int64_t n, Inspection& inspection) {
  Lanes top[2] = {};
  Flags good = ~Flags{};
  std::int64_t j = 0;
  for (; j + 8 <= n; j += 8) {
    for (int s = 0; s < 2; ++s) {
      Lanes x;
      load(x, row + j + 4 * s);
      const Lanes size = x < 0 ? -x : x;
      top[s] = size > top[s] ? (size < infinity ? size : top[s]) : top[s];
      good &= x < infinity;
    }
  }
  for (; j < n; ++j) {
    const double size = std::abs(row[j]);
    if (size < infinity) top[0][0] = std::max(top[0][0], size);
    good[0] &= row[j] < infinity ? -1 : 0;
  }
  inspection.valid &= (good[0] & good[1] & good[2] & good[3]) != 0;
  for (int s = 0; s < 2; ++s) {
    for (int lane = 0; lane < 4; ++lane) {
      inspection.largest = std::max(inspection.largest, top[s][lane]);
    }
  }
}

BRAID_WIDE
void find_maxima(const double* row, const double* price, std::int64_t n, double* maxima) {
  std::int64_t j = 0;
  for (; j + row_chunk <= n; j += row_chunk) {
    Lanes top, p;
    load(top, row + j);
    load(p, price + j);
    top -= p;
    for (std::int64_t k = j + 4; k < j + row_chunk; k += 4) {
      Lanes x;
      load(x, row + k);
      load(p, price + k);
      x -= p;
      top = x > top ? x : top;
    }
    std::memcpy(maxima, &top, sizeof top);
    maxima += 4;
  }
  double top = -infinity;
  for (; j < n; ++j) top = std::max(top, row[j] - price[j]);
  std::fill_n(maxima, 4, top);
}

BRAID_WIDE
Best find_best(const double* row, const double* price, std::int64_t n) {
  const double low = -infinity;
  Lanes first[2], second[2], where[2];
  for (int s = 0; s < 2; ++s) {
    first[s] = second[s] = Lanes{low, low, low, low};
    where[s] = Lanes{};
  }
  Lanes at = {0, 1, 2, 3};
  std::int64_t j = 0;
  for (; j + 8 <= n; j += 8) {
    for (int s = 0; s < 2; ++s) {
      Lanes x, p;
      load(x, row + j + 4 * s);
      load(p, price + j + 4 * s);
      x -= p;
      const Flags above = x > first[s];
      const Lanes other = above ? first[s] : x;
      second[s] = other > second[s] ? other : second[s];
      first[s] = above ? x : first[s];
      where[s] = above ? at : where[s];
      at += 4;
    }
  }
  Best best;
  const auto take = [&best](double value, double column) {
    if (value > best.first) {
      best.second = best.first;
      best.first = value;
      best.column = static_cast<std::int32_t>(column);
    } else {
      best.second = std::max(best.second, value);
    }
  };
  for (int s = 0; s < 2; ++s) {
    for (int lane = 0; lane < 4; ++lane) {
      take(first[s][lane], where[s][lane]);
      best.second = std::max(best.second, second[s][lane]);
    }
  }
  for (; j < n; ++j) take(row[j] - price[j], static_cast<double>(j));
  return best;
}

BRAID_WIDE
double relax_row(const double* row, const double* price, double base, std::int64_t n, double index,
                 double* distance, double* reached) {
  Lanes low[2] = {{infinity, infinity, infinity, infinity},
                  {infinity, infinity, infinity, infinity}};
  const Lanes mine = {index, index, index, index};
  std::int64_t j = 0;
  for (; j + 8 <= n; j += 8) {
    for (int s = 0; s < 2; ++s) {
      const std::int64_t k = j + 4 * s;
      Lanes x, p, d, r;
      load(x, row + k);
      load(p, price + k);
      load(d, distance + k);
      load(r, reached + k);
      x = base - (x - p);
      const Flags less = x < d;
      d = less ? x : d;
      r = less ? mine : r;
      low[s] = d < low[s] ? d : low[s];
      std::memcpy(distance + k, &d, sizeof d);
      std::memcpy(reached + k, &r, sizeof r);
    }
  }
  double lowest = infinity;
  for (int s = 0; s < 2; ++s) {
    for (int lane = 0; lane < 4; ++lane) lowest = std::min(lowest, low[s][lane]);
  }
  for (; j < n; ++j) {
    const double x = base - (row[j] - price[j]);
    if (x < distance[j]) distance[j] = x, reached[j] = index;
    lowest = std::min(lowest, distance[j]);
  }
  return lowest;
}

BRAID_WIDE
std::int64_t find_above(const double* row, const double* price, double least, std::int64_t n,
                        std::int32_t* columns) {
  std::int64_t count = 0, j = 0;
  for (; j + row_chunk <= n; j += row_chunk) {
    Flags hit{};
    for (std::int64_t k = j; k < j + row_chunk; k += 4) {
      Lanes x, p;
      load(x, row + k);
      load(p, price + k);
      hit |= x - p > least;
    }
    if (!any(hit)) continue;
    for (std::int64_t k = j; k < j + row_chunk; ++k) {
      columns[count] = static_cast<std::int32_t>(k);
      count += row[k] - price[k] > least ? 1 : 0;
    }
  }
  for (; j < n; ++j) {
    if (row[j] - price[j] > least) columns[count++] = static_cast<std::int32_t>(j);
  }
  return count;
}

BRAID_WIDE
std::int64_t find_at_most(const double* distance, double most, std::int64_t n,
                          std::int32_t* columns) {
  std::int64_t count = 0, j = 0;
  for (; j + row_chunk <= n; j += row_chunk) {
    Flags hit{};
    for (std::int64_t k = j; k < j + row_chunk; k += 4) {
      Lanes d;
      load(d, distance + k);
      hit |= d <= most;
    }
    if (!any(hit)) continue;
    for (std::int64_t k = j; k < j + row_chunk; ++k) {
      columns[count] = static_cast<std::int32_t>(k);
      count += distance[k] <= most ? 1 : 0;
    }
  }
  for (; j < n; ++j) {
    if (distance[j] <= most) columns[count++] = static_cast<std::int32_t>(j);
  }
  return count;
}

}  // namespace braid
