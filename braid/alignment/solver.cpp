#include "braid/alignment/solver.h"

#include <stdexcept>

#include "braid/alignment/assignment.h"

namespace braid {
namespace {

Assignment assign(const at::Tensor& benefit) {
  const at::Tensor matrix = benefit.contiguous();
  const std::span<const double> values(matrix.const_data_ptr<double>(),
                                       static_cast<std::size_t>(matrix.numel()));
  return solve_assignment(values, matrix.size(0));
}

Solved solve_signed(const at::Tensor& benefit, const at::Tensor& sized) {
  const Assignment assignment = assign(sized.defined() ? benefit.abs() + sized : benefit.abs());
  SignedPermutation element{assignment.indices, {}};
  const at::Tensor dense = benefit.contiguous();
  const std::int64_t n = dense.size(0);
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t j = assignment.indices[static_cast<std::size_t>(i)];
    element.signs.push_back(dense.const_data_ptr<double>()[i * n + j] < 0 ? -1 : 1);
  }
  return {element, assignment.objective};
}

Solved solve_orthogonal(const at::Tensor& benefit) {
  const auto [u, values, vt] = at::linalg_svd(benefit, false);
  const at::Tensor map = at::matmul(u, vt);
  return {Matrix{map, map}, values.sum().item<double>()};
}

// Orthogonal maps that fix the all-ones vector: Procrustes on its complement.
Solved solve_centred(const at::Tensor& benefit) {
  const std::int64_t n = benefit.size(0);
  const at::Tensor mean = at::full({n, n}, 1.0 / static_cast<double>(n), at::kDouble);
  const at::Tensor centring = at::eye(n, at::kDouble) - mean;
  const at::Tensor centred = at::matmul(at::matmul(centring, benefit), centring);
  // The added term maps the all-ones direction, removed by centring, to itself.
  const auto [u, values, vt] =
      at::linalg_svd(centred + mean * (1 + at::linalg_matrix_norm(centred)), false);
  const at::Tensor map = at::matmul(u, vt);
  return {Matrix{map, map}, (map * benefit).sum().item<double>()};
}

// Rotations only: <T, benefit> has no maximum over moduli.
Solved solve_rotary(const at::Tensor& benefit) {
  const std::int64_t pairs = benefit.size(0) / 2;
  const auto quarter = [&](std::int64_t i, std::int64_t j) {
    return benefit.narrow(0, i * pairs, pairs).narrow(1, j * pairs, pairs).diagonal();
  };
  const at::Tensor real = quarter(0, 0) + quarter(1, 1), imaginary = quarter(1, 0) - quarter(0, 1);
  const at::Tensor modulus = (real.square() + imaginary.square()).sqrt();
  const at::Tensor some = modulus > 0;
  return {RotaryScaling{at::where(some, real / modulus, 1.0),
                        at::where(some, imaginary / modulus, 0.0)},
          modulus.sum().item<double>()};
}

Solved solve_rotary_signs(const at::Tensor& benefit, const at::Tensor& sized) {
  const at::Tensor pairs = benefit.diagonal().unflatten(0, {2, -1}).sum(0).contiguous();
  std::vector<std::int64_t> signs;
  for (std::int64_t i = 0; i < pairs.size(0); ++i) {
    signs.push_back(pairs.const_data_ptr<double>()[i] < 0 ? -1 : 1);
  }
  const at::Tensor gains = sized.defined() ? pairs.abs().sum() + sized.trace() : pairs.abs().sum();
  return {signs_of_pairs(signs), gains.item<double>()};
}

}  // namespace

Solved solve(Group group, const at::Tensor& signed_benefit, const at::Tensor& sized) {
  if (group == Group::signed_permutation) return solve_signed(signed_benefit, sized);
  if (group == Group::rotary_signs) return solve_rotary_signs(signed_benefit, sized);
  const at::Tensor benefit = sized.defined() ? signed_benefit + sized : signed_benefit;
  switch (group) {
    case Group::permutation: {
      Assignment assignment = assign(benefit);
      return {Permutation{std::move(assignment.indices)}, assignment.objective};
    }
    case Group::centred_orthogonal:
      return solve_centred(benefit);
    case Group::orthogonal:
      return solve_orthogonal(benefit);
    case Group::rotary:
      return solve_rotary(benefit);
    case Group::signed_permutation:
    case Group::rotary_signs:
    case Group::general:
      break;
  }
  throw std::invalid_argument("<T, benefit> has no maximum over general maps; balance first");
}

double unaligned(const at::Tensor& benefit) { return benefit.diagonal().sum().item<double>(); }

}  // namespace braid
