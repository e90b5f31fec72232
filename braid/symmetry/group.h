// Element: an element of a symmetry group, acting on the units of one axis: y = T x.
// A repeated axis (units inside each head) has one element per block: GroupElement.
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

// One complex number z per rotary pair (i, i + n/2), which rotates and scales the pair as
// z (x[i] + i x[i + n/2]); covectors by 1 / conj(z). These commute with rotary position embeddings
// (arXiv 2606.17830). (n/2) float64 each.
struct RotaryScaling {
  at::Tensor real, imaginary;
};

// The vector of a shift (shift.h), by the shift's name in a Transform.
struct ShiftVector {
  at::Tensor vector;  // (units) float64
};

// A weighted mixture of permutations, (n, n), rows and columns summing to 1: NOT a symmetry. Used
// to differentiate while learning an alignment, before it becomes a permutation.
struct RelaxedPermutation {
  at::Tensor weights;
  // (n, n) of +1 and -1 if signs are free: gains are multiplied by weights x signs.
  at::Tensor signs;
};

using Element = std::variant<Permutation, SignedPermutation, Matrix, RotaryScaling, ShiftVector,
                             RelaxedPermutation>;
using GroupElement = std::vector<Element>;              // by block, in the order after alignment
using Transform = std::map<std::string, GroupElement>;  // by axis or shift; absent = identity

// Applies T to dimension `dim` by role: vector T, covector T^-T, gain |T|. The result has the
// tensor's dtype. Permutations only copy; matrices compute in their own dtype, float64 except while
// learning. REQUIRES an element of a group, not a shift.
at::Tensor apply(const Element& element, const at::Tensor& tensor, std::int64_t dim, Role role);

// std::invalid_argument for relaxed permutations, which have no inverse, and shifts.
Element inverse(const Element& element);

// The element that acts as `second` after `first`. A permutation composed with a matrix is a
// matrix. REQUIRES equal sizes. std::invalid_argument for relaxed permutations, shifts, and rotary
// scalings with other kinds.
Element compose(const Element& second, const Element& first);

// {T, T^-T} of an invertible (n, n) matrix. Error if not finite or singular.
Matrix make_matrix(const at::Tensor& forward);

// Largest over smallest singular value of the worst block; 1 for permutations, signs and rotations.
double condition(const GroupElement& element);

// Both units of each rotary pair get the pair's sign, from (n/2) values +1 and -1.
SignedPermutation signs_of_pairs(const std::vector<std::int64_t>& signs);

// The identity: a permutation, or complex ones for rotary axes.
Element identity_element(Group group, std::int64_t units);

// A uniform permutation (with uniform signs), a random orthogonal or well-conditioned matrix,
// complex numbers of modulus 1/2 to 2, or uniform signs.
Element random_element(Group group, std::int64_t units, Random& random);

// "permutation", "signed permutation", "matrix", "rotary scaling", "shift", "relaxed permutation".
const char* kind(const Element& element);

}  // namespace braid
