#include "braid/alignment/assignment.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <optional>

#include "braid/alignment/row_scans.h"
#include "braid/alignment/shortlists.h"
#include "braid/error.h"

namespace braid {
namespace {

constexpr std::int64_t dense_below = 192;  // shorter rows are read in full each time
constexpr std::int64_t bids_per_row = 16;  // in one pass of the reduction
constexpr int reduction_passes = 2;

struct Event {
  double distance;
  std::int32_t column;  // or ~row: end of that row's shortlist
};

bool later(const Event& a, const Event& b) {
  return a.distance != b.distance ? a.distance > b.distance : a.column > b.column;
}

class Solver {
 public:
  Solver(const double* benefit, std::int64_t n)
      : benefit_(benefit),
        n_(n),
        price_(size(n)),
        row_of_(size(n), -1),
        column_of_(size(n), -1),
        matched_(size(n)),
        distance_(size(n), infinity),
        reached_(size(n)),
        open_price_(size(n)),
        columns_(size(n)),
        dense_(n < dense_below),
        patience_(std::max<std::int64_t>(16, n / 16)) {
    if (!dense_) shortlists_.emplace(n);
  }

  // Reads the matrix up to the first row with a NaN or +infinity.
  Inspection inspect();
  void solve();
  Assignment result() const;

 private:
  static std::size_t size(std::int64_t n) { return static_cast<std::size_t>(n); }
  const double* row(std::int64_t i) const { return benefit_ + i * n_; }
  double profit(std::int32_t i) const {
    return matched_[size(i)] - price_[size(column_of_[size(i)])];
  }

  void pair(std::int32_t i, std::int32_t j, double benefit) {
    row_of_[size(j)] = i;
    column_of_[size(i)] = j;
    matched_[size(i)] = benefit;
  }

  void list(std::int32_t i) { shortlists_->make(i, row(i), price_.data()); }
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
  std::optional<Shortlists> shortlists_;  // unless dense_
  // Search.
  std::vector<double> distance_, reached_, open_price_;
  std::vector<std::int32_t> touched_, settled_, columns_, stale_;
  std::vector<double> settled_at_;
  std::vector<Event> events_;
  std::int32_t sink_ = -1;
  bool dense_;
  // A search by shortlists that rereads more than `patience_` rows is repeated with full rows,
  // which the next `rest_` searches use too. `rest_` doubles each time; a search that succeeds
  // resets it.
  std::int64_t patience_, rest_ = 0, resting_ = 0;
};

// The best column of row i and the two highest profits; a free column wins ties.
Best Solver::best(std::int32_t i) {
  if (dense_) {
    Best found = find_best(row(i), price_.data(), n_);
    if (found.first == found.second && row_of_[size(found.column)] >= 0 &&
        found.first > -infinity) {
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
  for (bool fresh = false;; fresh = true) {
    if (fresh) list(i);
    Best found;
    const std::span<const Candidate> own = shortlists_->of(i);
    std::size_t k = 0;
    for (; k < own.size() && own[k].profit >= found.second; ++k) {
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
    if (k < own.size() || fresh || found.second >= shortlists_->beyond(i)) return found;
  }
}

// Augmenting row reduction: each free row takes its best column and raises the price until the
// second best is as good. A displaced row continues at once only after a raise, and steps are
// limited: with ties or rounding the textbook loop never ends.
void Solver::reduce(std::vector<std::int32_t>& free) {
  std::vector<std::int32_t> rest;
  std::int64_t budget = bids_per_row * n_;
  for (std::size_t k = 0; k < free.size();) {
    const std::int32_t i = free[k++];
    const Best found = best(i);
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
    for (const Candidate& own : shortlists_->of(i)) {
      if (base - own.profit >= bound) return;
      const std::size_t j = size(own.column);
      relax(i, j, base - (own.benefit - price_[j]));
    }
    const double rest = std::max(base - shortlists_->beyond(i), at);
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
      stale_.push_back(i);
      if (std::ssize(stale_) > patience_) return infinity;
      const double base = i == root ? top : distance_[size(column_of_[size(i)])] + profit(i);
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
  sink_ = -1;
  settled_.clear();
  settled_at_.clear();
  const double top = best(root).first;
  double bound = infinity;
  bool by_rows = dense_ || resting_ > 0;
  if (top > -infinity && !by_rows) {
    bound = search_lists(root, top);
    for (const std::int32_t j : touched_) distance_[size(j)] = infinity;
    touched_.clear();
    by_rows = std::ssize(stale_) > patience_;
    rest_ = by_rows ? std::min<std::int64_t>(2 * rest_ + 1, 63) : 0;
    resting_ = rest_ + 1;
  }
  if (top > -infinity && by_rows) {
    settled_.clear();
    settled_at_.clear();
    bound = search_rows(root, top);
    std::fill(distance_.begin(), distance_.end(), infinity);
  }
  if (resting_ > 0) --resting_;
  require(bound < infinity,
          "the assignment is infeasible: row {} can only be matched through a forbidden pair "
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

Inspection Solver::inspect() {
  Inspection inspection;
  for (std::int32_t i = 0; i < n_ && inspection.valid; ++i) {
    inspect_row(row(i), n_, inspection);
    if (!dense_ && inspection.valid) list(i);
  }
  return inspection;
}

void Solver::solve() {
  std::vector<std::int32_t> free(size(n_));
  std::iota(free.begin(), free.end(), 0);
  for (int pass = 0; pass < reduction_passes; ++pass) reduce(free);
  for (const std::int32_t i : free) augment(i);
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
  const Inspection inspection = solver.inspect();
  if (!inspection.valid) {
    const auto bad = std::find_if_not(benefit.begin(), benefit.end(),
                                      [](double value) { return value < infinity; });
    const std::int64_t at = bad - benefit.begin();
    fail("benefits must not be NaN or +infinity: found {} in row {}, column {}", *bad, at / n,
         at % n);
  }
  // Prices can reach n times the largest benefit.
  const int spare = std::ilogb(static_cast<double>(n)) + 3;
  if (std::ilogb(inspection.largest) + spare >= std::numeric_limits<double>::max_exponent) {
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
          "an assignment of {0} rows needs {0} row and {0} column duals, found {1} and {2}", n,
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
      const double violation = j == match ? std::abs(over) : over;
      if (!(violation <= gap)) gap = std::isnan(violation) ? infinity : violation;
    }
  }
  return gap;
}

}  // namespace braid
