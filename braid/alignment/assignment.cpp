#include "braid/alignment/assignment.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <limits>

#include "braid/error.h"

// One binary for every x86-64: the loader picks the version that the processor can run.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define BRAID_WIDE __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define BRAID_WIDE
#endif

namespace braid {
namespace {

double now(){return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();}
int envi(const char*k,int d){const char*v=getenv(k);return v?atoi(v):d;}
const int verbose=envi("VERBOSE",0), usezero=envi("ZERO",0), want=envi("WANT",32), steps_per_pass=envi("STEPS",8);
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr std::int64_t chunk = 32;     // columns that are judged by their maximum alone
constexpr std::int64_t shortlist = 64;  // columns kept per row, at most
const std::int64_t dense_below = envi("DENSE",192);
const int reduction_passes = envi("PASSES",2);
const int patience = envi("PATIENCE",16);  // rows read in full before a search reads all of them in full

using Lanes = double __attribute__((vector_size(32)));
using Flags = std::int64_t __attribute__((vector_size(32)));

[[gnu::always_inline]] inline void load(Lanes& lanes, const double* from) {
  std::memcpy(&lanes, from, sizeof lanes);
}

[[gnu::always_inline]] inline bool any(const Flags& flags) {
  return (flags[0] | flags[1] | flags[2] | flags[3]) != 0;
}

struct Checked {
  bool valid = true;
  double largest = 0;  // of the finite |values|
};

// Looks at a row once; raises `best` (n) to it and notes in `best_row` where it did.
BRAID_WIDE
void inspect_row(const double* row, std::int64_t n, std::int32_t index, double* best,
                 std::int32_t* best_row, Checked& checked) {
  Lanes top{};
  Flags good = ~Flags{};
  std::int64_t j = 0;
  for (; j + chunk <= n; j += chunk) {
    Flags raised{};
    for (std::int64_t k = j; k < j + chunk; k += 4) {
      Lanes x, b;
      load(x, row + k);
      load(b, best + k);
      const Lanes size = x < 0 ? -x : x;
      top = size > top ? (size < infinity ? size : top) : top;
      good &= x < infinity;
      raised |= x > b;
    }
    if (!any(raised)) continue;
    for (std::int64_t k = j; k < j + chunk; ++k) {
      if (row[k] > best[k]) best[k] = row[k], best_row[k] = index;
    }
  }
  for (; j < n; ++j) {
    const double size = std::abs(row[j]);
    if (size < infinity) top[0] = std::max(top[0], size);
    good[0] &= row[j] < infinity ? -1 : 0;
    if (row[j] > best[j]) best[j] = row[j], best_row[j] = index;
  }
  checked.valid &= (good[0] & good[1] & good[2] & good[3]) != 0;
  checked.largest = std::max({checked.largest, top[0], top[1], top[2], top[3]});
}

// The largest of row - price in each fourth of each chunk: n / 8 values, the tail's chunk as one.
BRAID_WIDE
void find_maxima(const double* row, const double* price, std::int64_t n, double* maxima) {
  std::int64_t j = 0;
  for (; j + chunk <= n; j += chunk) {
    Lanes top, p;
    load(top, row + j);
    load(p, price + j);
    top -= p;
    for (std::int64_t k = j + 4; k < j + chunk; k += 4) {
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

struct Best {
  double first = -infinity, second = -infinity;
  std::int32_t column = 0;
};

// The two largest of row - price.
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

// Lowers distance[j] to base - (row[j] - price[j]) where that is less, noting `index` in `reached`;
// returns the smallest distance. Settled columns carry price +infinity and distance +infinity.
BRAID_WIDE
double relax_row(const double* row, const double* price, double base, std::int64_t n, double index,
                 double* distance, double* reached) {
  Lanes low[2] = {{infinity, infinity, infinity, infinity}, {infinity, infinity, infinity, infinity}};
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

// Columns j with row[j] - price[j] > least and the chunk they are in; returns how many.
BRAID_WIDE
std::int64_t find_above(const double* row, const double* price, double least, std::int64_t n,
                        std::int32_t* columns) {
  std::int64_t count = 0, j = 0;
  for (; j + chunk <= n; j += chunk) {
    Flags hit{};
    for (std::int64_t k = j; k < j + chunk; k += 4) {
      Lanes x, p;
      load(x, row + k);
      load(p, price + k);
      hit |= x - p > least;
    }
    if (!any(hit)) continue;
    for (std::int64_t k = j; k < j + chunk; ++k) {
      columns[count] = static_cast<std::int32_t>(k);
      count += row[k] - price[k] > least ? 1 : 0;
    }
  }
  for (; j < n; ++j) {
    if (row[j] - price[j] > least) columns[count++] = static_cast<std::int32_t>(j);
  }
  return count;
}

// Columns whose distance is at most `most`; returns how many.
BRAID_WIDE
std::int64_t find_at_most(const double* distance, double most, std::int64_t n,
                          std::int32_t* columns) {
  std::int64_t count = 0, j = 0;
  for (; j + chunk <= n; j += chunk) {
    Flags hit{};
    for (std::int64_t k = j; k < j + chunk; k += 4) {
      Lanes d;
      load(d, distance + k);
      hit |= d <= most;
    }
    if (!any(hit)) continue;
    for (std::int64_t k = j; k < j + chunk; ++k) {
      columns[count] = static_cast<std::int32_t>(k);
      count += distance[k] <= most ? 1 : 0;
    }
  }
  for (; j < n; ++j) {
    if (distance[j] <= most) columns[count++] = static_cast<std::int32_t>(j);
  }
  return count;
}

struct Candidate {
  double profit;   // when the list was made; now at most this
  double benefit;
  std::int32_t column;
  std::int32_t turn;  // breaks ties: each row prefers the columns that follow its own number
};

bool better(const Candidate& a, const Candidate& b) {
  return a.profit != b.profit ? a.profit > b.profit : a.turn < b.turn;
}

struct Event {
  double distance;
  std::int32_t column;  // or ~row: that row's list ends here
};

bool later(const Event& a, const Event& b) {
  return a.distance != b.distance ? a.distance > b.distance : a.column > b.column;
}

class Solver {
 public:
  Solver(const double* benefit, std::int64_t n)
      : benefit_(benefit), n_(n), price_(size(n), -infinity), row_of_(size(n), -1) {}

  Checked inspect() {
    Checked checked;
    for (std::int64_t i = 0; i < n_ && checked.valid; ++i) {
      inspect_row(row(i), n_, static_cast<std::int32_t>(i), price_.data(), row_of_.data(), checked);
    }
    return checked;
  }

  void solve();
  Assignment result() const;

 private:
  static std::size_t size(std::int64_t n) { return static_cast<std::size_t>(n); }
  const double* row(std::int64_t i) const { return benefit_ + i * n_; }
  double profit(std::int32_t i) const { return matched_[size(i)] - price_[size(column_of_[size(i)])]; }

  void pair(std::int32_t i, std::int32_t j, double benefit) {
    row_of_[size(j)] = i;
    column_of_[size(i)] = j;
    matched_[size(i)] = benefit;
  }

  void list(std::int32_t i);
  Best best(std::int32_t i);
  void reduce(std::vector<std::int32_t>& free);
  void augment(std::int32_t root);
  double search_lists(std::int32_t root, double top);
  double search_rows(std::int32_t root, double top);

  const double* benefit_;
  std::int64_t n_;
  std::vector<double> price_;
  std::vector<std::int32_t> row_of_, column_of_;
  std::vector<double> matched_;
  // Per row: its best columns, and what no other column exceeds.
  std::vector<Candidate> candidates_;
  std::vector<std::int32_t> listed_;
  std::vector<double> beyond_;
  std::vector<Candidate> gathered_;
  std::vector<double> maxima_, ranked_;
  // Search.
  std::vector<double> distance_, reached_, open_price_;
  std::vector<std::int32_t> touched_, settled_, columns_, stale_;
  std::vector<double> settled_at_;
  std::vector<Event> events_;
  std::int32_t sink_ = -1;
  bool dense_ = false;
public:
  struct { long lists=0, steps=0, augments=0, settled=0, expansions=0, dense=0, densesettled=0; double t[5]; } stat;
};

// Makes row i's list of its best columns at the present prices.
void Solver::list(std::int32_t i) {
  ++stat.lists;
  find_maxima(row(i), price_.data(), n_, maxima_.data());
  const std::int64_t full = n_ / chunk, groups = 4 * full + (n_ % chunk ? 1 : 0);
  // A third of the list's length in distinct groups fills a list of random values to about a half.
  const std::int64_t wanted = std::min<std::int64_t>(want, groups) - 1;
  ranked_.assign(maxima_.begin(), maxima_.begin() + groups);
  std::nth_element(ranked_.begin(), ranked_.begin() + wanted, ranked_.end(), std::greater<>());
  const double least = ranked_[size(wanted)];
  gathered_.clear();
  const double* const values = row(i);
  const auto gather = [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t j = from; j < to; ++j) {
      const double value = values[j] - price_[size(j)];
      if (value < least || value == -infinity) continue;
      const std::int64_t turn = j >= i ? j - i : j - i + n_;
      gathered_.push_back({value, values[j], static_cast<std::int32_t>(j),
                           static_cast<std::int32_t>(turn)});
    }
  };
  for (std::int64_t c = 0; c < full; ++c) {
    const double* const four = maxima_.data() + 4 * c;
    if (four[0] >= least || four[1] >= least || four[2] >= least || four[3] >= least) {
      gather(c * chunk, (c + 1) * chunk);
    }
  }
  gather(full * chunk, n_);
  beyond_[size(i)] = least;
  if (std::ssize(gathered_) > shortlist) {
    std::nth_element(gathered_.begin(), gathered_.begin() + shortlist, gathered_.end(), better);
    beyond_[size(i)] = gathered_[size(shortlist)].profit;
    gathered_.resize(size(shortlist));
  }
  std::sort(gathered_.begin(), gathered_.end(), better);
  std::copy(gathered_.begin(), gathered_.end(), candidates_.begin() + i * shortlist);
  listed_[size(i)] = static_cast<std::int32_t>(gathered_.size());
}

// The best column of row i and the profits of the two best; of equal columns a free one.
Best Solver::best(std::int32_t i) {
  if (dense_) {
    Best found = find_best(row(i), price_.data(), n_);
    if (found.first == found.second && row_of_[size(found.column)] >= 0 && found.first > -infinity) {
      for (std::int64_t k = 0; k < n_; ++k) {
        const std::int64_t j = i + k < n_ ? i + k : i + k - n_;
        if (row_of_[size(j)] < 0 && row(i)[j] - price_[size(j)] == found.first) {
          found.column = static_cast<std::int32_t>(j);
          break;
        }
      }
    }
    return found;
  }
  for (bool fresh = listed_[size(i)] < 0;; fresh = true) {
    if (fresh) list(i);
    Best found;
    const Candidate* const own = candidates_.data() + i * shortlist;
    const std::int32_t count = listed_[size(i)];
    std::int32_t k = 0;
    for (; k < count && own[k].profit >= found.second; ++k) {
      const double value = own[k].benefit - price_[size(own[k].column)];
      if (value > found.first) {
        found.second = found.first;
        found.first = value;
        found.column = own[k].column;
      } else if (value > found.second) {
        found.second = value;
      }
      if (value == found.first && row_of_[size(own[k].column)] < 0) found.column = own[k].column;
    }
    if (k < count || fresh || found.second >= beyond_[size(i)]) return found;
  }
}

// Augmenting row reduction: each free row takes its best column and raises the price until the second
// best is as good. Only a raise lets the displaced row go on at once, and the steps are counted: with
// ties or rounding the textbook loop never ends.
void Solver::reduce(std::vector<std::int32_t>& free) {
  std::vector<std::int32_t> rest;
  std::int64_t budget = steps_per_pass * n_;
  for (std::size_t k = 0; k < free.size();) {
    const std::int32_t i = free[k++];
    const Best found = best(i);
    ++stat.steps;
    const std::size_t j = size(found.column);
    const std::int32_t displaced = row_of_[j];
    if (found.first == -infinity || (found.second == -infinity && displaced >= 0)) {
      rest.push_back(i);
      continue;
    }
    const double before = price_[j];
    if (found.second > -infinity) price_[j] += found.first - found.second;
    pair(i, found.column, row(i)[j]);
    if (displaced < 0) continue;
    column_of_[size(displaced)] = -1;
    if (price_[j] > before && --budget > 0) {
      free[--k] = displaced;
    } else {
      rest.push_back(displaced);
    }
  }
  free = std::move(rest);
}

double Solver::search_lists(std::int32_t root, double top) {
  double bound = infinity, at = 0;
  const auto relax = [&](std::int32_t i, std::size_t j, double distance) {
    distance = std::max(distance, at);
    if (!(distance < bound && distance < distance_[j])) return;
    if (distance_[j] == infinity) touched_.push_back(static_cast<std::int32_t>(j));
    distance_[j] = distance;
    reached_[j] = i;
    if (row_of_[j] < 0) {
      bound = distance;
      sink_ = static_cast<std::int32_t>(j);
    } else {
      events_.push_back({distance, static_cast<std::int32_t>(j)});
      std::push_heap(events_.begin(), events_.end(), later);
    }
  };
  const auto scan = [&](std::int32_t i, double base) {
    if (listed_[size(i)] < 0) list(i);
    const Candidate* own = candidates_.data() + i * shortlist;
    const Candidate* const end = own + listed_[size(i)];
    for (; own != end; ++own) {
      if (base - own->profit >= bound) return;
      relax(i, size(own->column), base - (own->benefit - price_[size(own->column)]));
    }
    const double rest = std::max(base - beyond_[size(i)], at);
    if (rest < bound) {
      events_.push_back({rest, ~i});
      std::push_heap(events_.begin(), events_.end(), later);
    }
  };
  events_.clear();
  scan(root, top);
  while (!events_.empty() && events_.front().distance < bound) {
    const Event event = events_.front();
    std::pop_heap(events_.begin(), events_.end(), later);
    events_.pop_back();
    if (event.column >= 0) {
      const std::size_t j = size(event.column);
      if (event.distance > distance_[j]) continue;
      at = event.distance;
      settled_.push_back(event.column);
      settled_at_.push_back(at);
      scan(row_of_[j], at + profit(row_of_[j]));
    } else {
      at = event.distance;
      const std::int32_t i = ~event.column;
      ++stat.expansions;
      stale_.push_back(i);
      if (std::ssize(stale_) > patience) return infinity;
      const double base =
          i == root ? top : distance_[size(column_of_[size(i)])] + profit(i);
      const std::int64_t count =
          find_above(row(i), price_.data(), base - bound, n_, columns_.data());
      for (std::int64_t k = 0; k < count; ++k) {
        const std::size_t j = size(columns_[size(k)]);
        relax(i, j, base - (row(i)[j] - price_[j]));
      }
    }
  }
  return bound;
}

double Solver::search_rows(std::int32_t root, double top) {
  std::copy(price_.begin(), price_.end(), open_price_.begin());
  std::fill(distance_.begin(), distance_.end(), infinity);
  std::vector<std::int32_t> open;
  double at = 0, base = top;
  std::int32_t i = root;
  for (;;) {
    const double low =
        relax_row(row(i), open_price_.data(), base, n_, i, distance_.data(), reached_.data());
    if (low <= at || open.empty()) {
      if (low == infinity) return infinity;
      at = std::max(at, low);
      const std::int64_t count = find_at_most(distance_.data(), at, n_, columns_.data());
      for (std::int64_t k = 0; k < count; ++k) {
        const std::int32_t j = columns_[size(k)];
        if (row_of_[size(j)] < 0) {
          sink_ = j;
          return at;
        }
      }
      for (std::int64_t k = 0; k < count; ++k) {
        const std::int32_t j = columns_[size(k)];
        open.push_back(j);
        settled_.push_back(j);
        settled_at_.push_back(at);
        open_price_[size(j)] = distance_[size(j)] = infinity;
      }
    }
    i = row_of_[size(open.back())];
    open.pop_back();
    base = at + profit(i);
  }
}

void Solver::augment(std::int32_t root) {
  ++stat.augments;
  sink_ = -1;
  settled_.clear();
  settled_at_.clear();
  const double top = best(root).first;
  double bound = infinity;
  if (top > -infinity && !dense_) {
    bound = search_lists(root, top);
    for (const std::int32_t j : touched_) distance_[size(j)] = infinity;
    touched_.clear();
    stat.settled += settled_.size();
  }
  if (top > -infinity && (dense_ || std::ssize(stale_) > patience)) {
    settled_.clear();
    settled_at_.clear();
    bound = search_rows(root, top);
    std::fill(distance_.begin(), distance_.end(), infinity);
    ++stat.dense; stat.densesettled += settled_.size();
  }
  require(bound < infinity,
          "the assignment has no solution: row {} can be matched only through a forbidden pair "
          "(-infinity); allow more pairs",
          root);
  for (std::size_t k = 0; k < settled_.size(); ++k) {
    price_[size(settled_[k])] += bound - settled_at_[k];
  }
  for (std::int32_t j = sink_, i = -1; i != root;) {
    i = static_cast<std::int32_t>(reached_[size(j)]);
    const std::int32_t previous = column_of_[size(i)];
    pair(i, j, row(i)[j]);
    j = previous;
  }
  for (const std::int32_t i : stale_) list(i);
  stale_.clear();
}

void Solver::solve() {
  for (std::int64_t j = 0; j < n_; ++j) {
    require(price_[size(j)] > -infinity,
            "the assignment has no solution: every pair with column {} is forbidden (-infinity); "
            "allow more pairs",
            j);
  }
  dense_ = n_ < dense_below;
  column_of_.assign(size(n_), -1);
  matched_.assign(size(n_), 0);
  distance_.assign(size(n_), infinity);
  reached_.assign(size(n_), -1);
  open_price_.resize(size(n_));
  columns_.resize(size(n_));
  if (!dense_) {
    candidates_.resize(size(n_ * shortlist));
    listed_.assign(size(n_), -1);
    beyond_.resize(size(n_));
    maxima_.resize(size(n_ / 8 + 4));
  }
  // Rows that hold a column's maximum bid first.
  std::vector<std::int32_t> free;
  for (const std::int32_t i : row_of_) {
    if (column_of_[size(i)] < 0) free.push_back(i);
    column_of_[size(i)] = 0;
  }
  for (std::int32_t i = 0; i < n_; ++i) {
    if (column_of_[size(i)] < 0) free.push_back(i);
  }
  std::fill(column_of_.begin(), column_of_.end(), -1);
  std::fill(row_of_.begin(), row_of_.end(), -1);
  if(usezero) std::fill(price_.begin(), price_.end(), 0.0);
  double t0=now();
  if (!dense_) for (int i=0;i<n_;i++) list(i);
  double t1=now(); stat.t[0]=t1-t0;
  for (int pass = 0; pass < reduction_passes && !free.empty(); ++pass) { reduce(free); if(verbose) fprintf(stderr,"  pass %d free %zu steps %ld lists %ld t %.2f\n",pass,free.size(),stat.steps,stat.lists,(now()-t1)*1e3);}
  double t2=now();
  for (const std::int32_t i : free) augment(i);
  if(verbose) fprintf(stderr,"  listing %.2f reduce %.2f augment %.2f ms: lists %ld steps %ld aug %ld settled %ld expansions %ld dense %ld densesettled %ld\n",stat.t[0]*1e3,(t2-t1)*1e3,(now()-t2)*1e3,stat.lists,stat.steps,stat.augments,stat.settled,stat.expansions,stat.dense,stat.densesettled);
}

Assignment Solver::result() const {
  Assignment found;
  long double sum = 0;
  for (std::int64_t i = 0; i < n_; ++i) {
    found.indices.push_back(column_of_[size(i)]);
    found.row_duals.push_back(profit(static_cast<std::int32_t>(i)));
    sum += matched_[size(i)];
  }
  found.objective = static_cast<double>(sum);
  found.column_duals = price_;
  return found;
}

void check_size(std::size_t values, std::int64_t n) {
  require(n >= 0 && n <= std::numeric_limits<std::int32_t>::max() &&
              values == static_cast<std::size_t>(n) * static_cast<std::size_t>(n),
          "an assignment of {0} rows needs {0} x {0} benefits, found {1} values", n, values);
}

}  // namespace

Assignment solve_assignment(std::span<const double> benefit, std::int64_t n) {
  check_size(benefit.size(), n);
  if (n == 0) return {};
  Solver solver(benefit.data(), n);
  double t0=now();
  const Checked checked = solver.inspect();
  if(verbose) fprintf(stderr,"n %ld inspect %.2f ms\n",(long)n,(now()-t0)*1e3);
  if (!checked.valid) {
    const auto bad = std::find_if_not(benefit.begin(), benefit.end(),
                                      [](double value) { return value < infinity; });
    const std::int64_t at = bad - benefit.begin();
    fail("benefits must be numbers below infinity: found {} in row {}, column {}", *bad, at / n,
         at % n);
  }
  // Prices can reach n times the largest benefit.
  const int spare = std::ilogb(static_cast<double>(n)) + 3;
  if (std::ilogb(checked.largest) + spare >= std::numeric_limits<double>::max_exponent) {
    std::vector<double> scaled(benefit.begin(), benefit.end());
    for (double& value : scaled) value = std::ldexp(value, -2 * spare);
    Assignment found = solve_assignment(scaled, n);
    long double sum = 0;
    for (std::int64_t i = 0; i < n; ++i) {
      const auto k = static_cast<std::size_t>(i);
      sum += benefit[static_cast<std::size_t>(i * n + found.indices[k])];
      found.row_duals[k] = std::ldexp(found.row_duals[k], 2 * spare);
      found.column_duals[k] = std::ldexp(found.column_duals[k], 2 * spare);
    }
    found.objective = static_cast<double>(sum);
    return found;
  }
  solver.solve();
  return solver.result();
}

double optimality_gap(std::span<const double> benefit, const Assignment& assignment) {
  const std::int64_t n = std::ssize(assignment.indices);
  check_size(benefit.size(), n);
  require(std::ssize(assignment.row_duals) == n && std::ssize(assignment.column_duals) == n,
          "an assignment of {} rows needs as many row and column duals, found {} and {}", n,
          assignment.row_duals.size(), assignment.column_duals.size());
  std::vector<bool> taken(static_cast<std::size_t>(n));
  double gap = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t match = assignment.indices[static_cast<std::size_t>(i)];
    require(match >= 0 && match < n && !taken[static_cast<std::size_t>(match)],
            "not a permutation: row {} has column {}, which is taken or out of range", i, match);
    taken[static_cast<std::size_t>(match)] = true;
    const double u = assignment.row_duals[static_cast<std::size_t>(i)];
    for (std::int64_t j = 0; j < n; ++j) {
      const double over = benefit[static_cast<std::size_t>(i * n + j)] - u -
                          assignment.column_duals[static_cast<std::size_t>(j)];
      gap = std::max(gap, j == match ? std::abs(over) : over);
    }
  }
  return gap;
}

}  // namespace braid
