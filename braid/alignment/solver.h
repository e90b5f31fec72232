// solve: the element of a group that agrees best with a table of benefits. One solver a group; no
// algorithm that calls it knows which. solve_tree: the same for axes that stand under each other.
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
// float64, rows A's units, columns B's. `sized`, where it is defined, is what pairs are worth
// whatever their signs: as gains that they have. Permutations: linear assignment; signed ones: the
// same on |benefit|; orthogonal
// maps: Procrustes (Schonemann 1966), U V^T of the singular vectors; rotary scalings: the best turn
// of every pair, modulus 1; signs of pairs: that of the pair's trace. General maps have no such
// maximum: they are orthogonal between balanced factors (methods/in_head.h), and are refused here.
Solved solve(Group group, const at::Tensor& benefit, const at::Tensor& sized = {});

// What `solve` would reach with the units as they are: the trace.
double unaligned(const at::Tensor& benefit);

// What pairing A's units with B's is worth, units that lie on a product of axes of one tree
// (axis_tree.h): (n1, ..., nm, n1, ..., nm) float64, A's units first.
struct Agreement {
  std::vector<std::string> axes;  // outermost first; all the ancestors of each are among them
  at::Tensor benefit;
  bool sized = false;  // whatever the signs

  // From (units, units), the axes' sizes taken from the table.
  static Agreement of(const Symmetries& symmetries, std::vector<std::string> axes,
                      const at::Tensor& units);
};

// The group that an axis is solved in, or nothing where its units stay where they are.
using GroupChoice = std::function<std::optional<Group>(const Axis&)>;

struct TreeSolution {
  Transform element;  // of every axis that an agreement has
  // Of each agreement: <g, benefit>, and the same with B as it was.
  std::vector<double> objectives, unaligned;
};

// Head-Perm (Verma & Elbayad section 3.2) for any tree under `root` and any group inside: the value
// of the best inner elements of every pair of blocks, summed over the agreements, then the best
// pairing of blocks; and so on from the innermost axes outwards. Exact, but where one agreement has
// two axes that are repeated for the same one (LLaMA's queries: group and qk). These are solved in
// turn until the sum stops rising, from the pairing that is best if each block's inside is its own.
// REQUIRES agreements of the tree, and that axes which others stand under only permute
// (std::invalid_argument otherwise).
TreeSolution solve_tree(const Symmetries& symmetries, const std::string& root,
                        const std::vector<Agreement>& agreements, const GroupChoice& choice);

}  // namespace braid
