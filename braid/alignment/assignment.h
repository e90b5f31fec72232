// Exact dense linear assignment: which column each row gets so that the sum of benefits is largest,
// with dual prices that prove it.
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

// The matching of the largest total benefit; `benefit` is (n, n), row-major. -infinity forbids a
// pair. Among equals the choice is deterministic. Runs on the calling thread alone.
//
// Shortest augmenting paths after Jonker & Volgenant (Computing 38, 1987). Prices only ever rise,
// so what a row would gain from a column only ever falls: each row keeps its few best columns and a
// bound on all others, and the matrix is read again only where that bound no longer decides.
//
// REQUIRES n * n values, no NaN and no +infinity (Error naming row and column), and a perfect
// matching without a forbidden pair (Error otherwise).
Assignment solve_assignment(std::span<const double> benefit, std::int64_t n);

// The largest violation of the certificate: 0 up to rounding proves that the matching is optimal.
// REQUIRES sizes that agree and indices that are a permutation (Error otherwise).
double optimality_gap(std::span<const double> benefit, const Assignment& assignment);

}  // namespace braid
