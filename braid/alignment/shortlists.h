// Shortlists: the best columns of each row of an assignment problem, and a bound on the profit of
// all others. Prices only rise, so both remain valid as prices change.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace braid {

struct Candidate {
  double profit;  // when the list was made: an upper bound since
  double benefit;
  std::int32_t column;
  std::int32_t turn;  // breaks ties: row i prefers columns i, i + 1, ... (cyclically)
};

class Shortlists {
 public:
  explicit Shortlists(std::int64_t n);

  // Lists row i (n benefits) at these prices (n): best columns first, forbidden ones excluded.
  void make(std::int32_t i, const double* values, const double* prices);

  std::span<const Candidate> of(std::int32_t i) const {
    return {candidates_.get() + i * longest, lengths_[static_cast<std::size_t>(i)]};
  }
  // Upper bound on the profit of any column off row i's list.
  double beyond(std::int32_t i) const { return beyond_[static_cast<std::size_t>(i)]; }

 private:
  static constexpr std::int64_t longest = 64;
  static constexpr std::int64_t wanted = 32;  // minimum, if the row has that many columns

  std::int64_t n_;
  std::unique_ptr<Candidate[]> candidates_;  // (n, longest)
  std::vector<std::size_t> lengths_;
  std::vector<double> beyond_;
  std::vector<double> maxima_, ranked_;
  std::vector<std::int32_t> columns_;
  std::vector<Candidate> gathered_;
};

}  // namespace braid
