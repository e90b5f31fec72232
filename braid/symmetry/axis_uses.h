// AxisUse by AxisUse: where a table's tensors carry an axis, and the tensor seen from there. What
// weight matching, balancing and canonical forms read; no tensor is known by name.
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

// The axes of the place's product that are of one tree with its own (axis_tree.h), outermost first.
std::vector<std::string> tree_axes(const Symmetries& symmetries, const UsePlace& place);

// The pattern with the tree_axes at `place` left alone.
Pattern without(const Symmetries& symmetries, const UsePlace& place);

// The tensor's term at `place`, one of a concatenation: a view with one dimension a factor.
at::Tensor term_at(const Symmetries& symmetries, const UsePlace& place, const at::Tensor& tensor);

// (units of all tree_axes together, everything else) of the tensor's term at `place`. Float64.
at::Tensor tree_first(const Symmetries& symmetries, const UsePlace& place,
                      const at::Tensor& tensor);

// (units, everything else) of the tensor's term at `place`, or (blocks, units, everything else) for
// an axis that is repeated. Float64.
at::Tensor units_first(const Symmetries& symmetries, const UsePlace& place,
                       const at::Tensor& tensor);

}  // namespace braid
