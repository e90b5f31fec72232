// solve: the element of a group that agrees best with a table of benefits. One solver a group; no
// algorithm that calls it knows which.
#pragma once

#include "braid/symmetry/group.h"

namespace braid {

struct Solved {
  Element element;
  double objective = 0;  // <T, benefit>
};

// Maximises sum_ij T[i, j] benefit[i, j] over the group; benefit is (n, n) float64, rows A's units,
// columns B's. Permutations: linear assignment; signed ones: the same on |benefit|; orthogonal
// maps: Procrustes (Schonemann 1966), U V^T of the singular vectors; rotary scalings: the best turn
// of every pair, modulus 1. General maps have no such maximum: they are orthogonal between balanced
// factors (see balance.h), and are refused here.
Solved solve(Group group, const at::Tensor& benefit);

// What `solve` would reach with the units as they are: the trace.
double unaligned(const at::Tensor& benefit);

// Blocks of units that may change places and are mapped inside: heads.
struct NestedSolution {
  std::vector<std::int64_t> order;             // block order[j] of B at place j
  std::vector<GroupElement> inner;             // one a table of benefits, an element a place
  std::vector<double> objectives, identities;  // of each table
};

// Head-Perm (Verma & Elbayad section 3.2) for any group inside: the value of the best inner element
// of every pair of blocks, summed over the tables, then the best pairing of blocks. Tables are
// (blocks, n, blocks, n) float64. `fixed` blocks stay where they are.
NestedSolution solve_nested(Group group, const std::vector<at::Tensor>& benefits, bool fixed);

}  // namespace braid
