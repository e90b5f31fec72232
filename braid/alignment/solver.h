// solve: the group element that maximises agreement with a matrix of benefits, one solver per
// group, transparent to its callers. solve_tree: the same for nested axes.
#pragma once

#include <functional>
#include <optional>

#include "braid/symmetry/group.h"

namespace braid {

struct Solved {
  Element element;
  double objective = 0;  // <T, benefit>
};

// Maximises sum_ij T[i, j] benefit[i, j] + |T[i, j]| sized[i, j] over the group; both are (n, n)
// float64, rows A's units, columns B's. `sized`, if defined, is the benefit of a pair regardless of
// sign (as of its gains). Permutations: linear assignment; signed ones: the same on |benefit|;
// orthogonal maps: Procrustes (Schonemann 1966), U V^T of the singular vectors; rotary scalings:
// the best rotation of each pair, modulus 1; signs of pairs: the sign of the pair's trace. General
// maps have no maximum (std::invalid_argument): they are orthogonal between balanced factors
// (methods/in_head.h).
Solved solve(Group group, const at::Tensor& benefit, const at::Tensor& sized = {});

// The objective of the identity: the trace.
double unaligned(const at::Tensor& benefit);

// Benefits of pairing A's units with B's on a product of axes of one tree (axis_tree.h):
// (n1, ..., nm, n1, ..., nm) float64, A's units first.
struct Agreement {
  std::vector<std::string> axes;  // outermost first, including all ancestors of each
  at::Tensor benefit;
  bool sized = false;  // regardless of sign, see `solve`

  // From (units, units), with the axes' sizes in the table.
  static Agreement of(const Symmetries& symmetries, std::vector<std::string> axes,
                      const at::Tensor& units);
};

// The group to solve an axis in; nullopt to leave its units in place.
using GroupChoice = std::function<std::optional<Group>(const Axis&)>;

struct TreeSolution {
  Transform element;  // of every axis of the agreements
  // Of each agreement: <g, benefit>, and the same with B unmoved.
  std::vector<double> objectives, unaligned;
};

// Head-Perm (Verma & Elbayad section 3.2) for any tree under `root` and any inner group: the value
// of the best inner elements of every pair of blocks, summed over the agreements, then the best
// pairing of blocks; recursively from the innermost axes outwards. Exact, except if an agreement
// has two sibling axes (LLaMA's queries: group and qk). These are solved alternately until the sum
// stops rising, starting from the pairing that is best if each block had its own inner element.
// REQUIRES agreements of the tree, and that axes with children only permute (std::invalid_argument
// otherwise).
TreeSolution solve_tree(const Symmetries& symmetries, const std::string& root,
                        const std::vector<Agreement>& agreements, const GroupChoice& choice);

}  // namespace braid
