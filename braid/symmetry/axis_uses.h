// Places where a table's tensors use an axis, and views of the tensors from there. For weight
// matching, balancing and canonical forms, which do not know tensor names.
#pragma once

#include "braid/symmetry/transform.h"

namespace braid {

// One place of a pattern: dimension, term of the concatenation, factor of the product.
struct UsePlace {
  std::string tensor;
  std::size_t dimension = 0, term = 0, factor = 0;
  Role role = Role::vector;
};

std::vector<UsePlace> uses_of(const Symmetries& symmetries, const std::string& axis);
const Product& product_at(const Symmetries& symmetries, const UsePlace& place);

// The axes of the place's product in the same tree as its own (axis_tree.h), outermost first.
std::vector<std::string> tree_axes(const Symmetries& symmetries, const UsePlace& place);

// The pattern with the tree_axes at `place` made inert.
Pattern without(const Symmetries& symmetries, const UsePlace& place);

// The tensor's term (of a concatenation) at `place`: a view with one dimension per factor.
at::Tensor term_at(const Symmetries& symmetries, const UsePlace& place, const at::Tensor& tensor);

// The tensor's term at `place` as (units of all tree_axes together, everything else). Float64.
at::Tensor tree_first(const Symmetries& symmetries, const UsePlace& place,
                      const at::Tensor& tensor);

// The tensor's term at `place` as (units, everything else), or (blocks, units, everything else) for
// a repeated axis. Float64.
at::Tensor units_first(const Symmetries& symmetries, const UsePlace& place,
                       const at::Tensor& tensor);

}  // namespace braid
