// Exact dense linear assignment of rows to columns of largest total benefit, with dual prices that
// prove optimality.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace braid {

struct Assignment {
  std::vector<std::int64_t> indices;  // row i gets column indices[i]
  double objective = 0;               // sum over i of benefit(i, indices[i])
  // The certificate: row_duals[i] + column_duals[j] >= benefit(i, j), equal on the matching, both
  // up to a few roundings at the scale of the largest |benefit|.
  std::vector<double> row_duals, column_duals;
};

// Returns the matching of largest total benefit; `benefit` is (n, n), row-major, -infinity forbids
// a pair. Ties are broken deterministically. Single-threaded.
//
// Shortest augmenting paths after Jonker & Volgenant (Computing 38, 1987). Prices never fall, so
// profits never rise: each row keeps a shortlist of its best columns and a bound on all others, and
// rereads the matrix only when that bound no longer decides.
//
// REQUIRES n * n values, no NaN and no +infinity (Error naming row and column), and a perfect
// matching without a forbidden pair (Error if none exists).
Assignment solve_assignment(std::span<const double> benefit, std::int64_t n);

// The largest violation of the certificate: 0 up to rounding proves the matching optimal.
// REQUIRES matching sizes and indices that are a permutation (Error otherwise).
double optimality_gap(std::span<const double> benefit, const Assignment& assignment);

}  // namespace braid
