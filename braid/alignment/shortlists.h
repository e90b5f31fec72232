// Shortlists: for every row of an assignment problem its few best columns, and a bound on what any
// other column offers. Prices only rise, so both stay true after the prices have moved.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace braid {

struct Candidate {
  double profit;  // when the list was made; now at most this
  double benefit;
  std::int32_t column;
  std::int32_t turn;  // breaks ties: each row prefers the columns that follow its own number
};

class Shortlists {
 public:
  explicit Shortlists(std::int64_t n);

  // Lists row i (n benefits) at these prices (n): the best columns first, none that is forbidden.
  void make(std::int32_t i, const double* values, const double* prices);

  std::span<const Candidate> of(std::int32_t i) const {
    return {candidates_.get() + i * longest, lengths_[static_cast<std::size_t>(i)]};
  }
  // No column off row i's list has a profit above this.
  double beyond(std::int32_t i) const { return beyond_[static_cast<std::size_t>(i)]; }

 private:
  static constexpr std::int64_t longest = 64;
  static constexpr std::int64_t wanted = 32;  // at least, where the row has as many

  std::int64_t n_;
  std::unique_ptr<Candidate[]> candidates_;  // (n, longest)
  std::vector<std::size_t> lengths_;
  std::vector<double> beyond_;
  std::vector<double> maxima_, ranked_;
  std::vector<std::int32_t> columns_;
  std::vector<Candidate> gathered_;
};

}  // namespace braid
