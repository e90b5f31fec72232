// Element: one member of a symmetry group, acting on the units of one axis: y = T x.
// An axis that is repeated (units inside each head) has one element a block: GroupElement.
#pragma once

#include <ATen/ATen.h>

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "braid/random.h"
#include "braid/symmetry/symmetries.h"

namespace braid {

// Slot i takes unit indices[i]: (T x)[i] = x[indices[i]].
struct Permutation {
  std::vector<std::int64_t> indices;
};

// (T x)[i] = signs[i] x[indices[i]], signs +1 or -1.
struct SignedPermutation {
  std::vector<std::int64_t> indices;
  std::vector<std::int64_t> signs;
};

// T and T^-T, (n, n) float64.
struct Matrix {
  at::Tensor forward;
  at::Tensor inverse_transpose;
};

using Element = std::variant<Permutation, SignedPermutation, Matrix>;
using GroupElement = std::vector<Element>;              // one a block, in the order after alignment
using Transform = std::map<std::string, GroupElement>;  // by axis; an absent axis is left alone

// T acts on dimension `dim` as its role says: vector T, covector T^-T, gain |T|.
// Permutations only copy; signs and matrices keep the tensor's dtype, computing in float64.
at::Tensor apply(const Element& element, const at::Tensor& tensor, std::int64_t dim, Role role);

Element inverse(const Element& element);

// A uniform permutation (with uniform signs), or a random orthogonal or well-conditioned matrix.
Element random_element(Group group, std::int64_t units, Random& random);

// A random element for every axis.
Transform random_transform(const Symmetries& symmetries, Random& random);

// transform(inverse(g), transform(g, B)) = B.
Transform inverse(const Symmetries& symmetries, const Transform& transform);

// "permutation", "signed permutation", "matrix".
const char* kind(const Element& element);

}  // namespace braid
