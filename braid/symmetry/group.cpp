#include "braid/symmetry/group.h"

#include <algorithm>
#include <stdexcept>

#include "braid/error.h"

namespace braid {
namespace {

template <typename... Cases>
struct Overload : Cases... {
  using Cases::operator()...;
};

at::Tensor select(const at::Tensor& tensor, std::int64_t dim,
                  const std::vector<std::int64_t>& indices) {
  return tensor.index_select(dim, at::tensor(indices, at::kLong));
}

// Signs as a tensor that broadcasts over every dimension but `dim`.
at::Tensor along(const std::vector<std::int64_t>& signs, const at::Tensor& tensor,
                 std::int64_t dim) {
  std::vector<std::int64_t> shape(static_cast<std::size_t>(tensor.dim()), 1);
  shape[static_cast<std::size_t>(dim)] = -1;
  return at::tensor(signs, tensor.options()).view(shape);
}

std::vector<std::int64_t> inverse_indices(const std::vector<std::int64_t>& indices) {
  std::vector<std::int64_t> inverted(indices.size());
  for (std::size_t i = 0; i < indices.size(); ++i) {
    inverted[static_cast<std::size_t>(indices[i])] = static_cast<std::int64_t>(i);
  }
  return inverted;
}

at::Tensor random_matrix(std::int64_t units, Random& random) {
  at::Tensor matrix = at::empty({units, units}, at::kDouble);
  double* values = matrix.data_ptr<double>();
  for (std::int64_t i = 0; i < units * units; ++i) values[i] = random.normal();
  return matrix;
}

// map @ tensor along `dim`.
at::Tensor multiply(const at::Tensor& map, const at::Tensor& tensor, std::int64_t dim) {
  return at::matmul(tensor.to(map.scalar_type()).movedim(dim, -1), map.t())
      .movedim(-1, dim)
      .to(tensor.scalar_type());
}

at::Tensor random_orthogonal(std::int64_t units, Random& random) {
  return std::get<0>(at::linalg_qr(random_matrix(units, random)));
}

}  // namespace

at::Tensor apply(const Element& element, const at::Tensor& tensor, std::int64_t dim, Role role) {
  return std::visit(
      Overload{[&](const Permutation& p) { return select(tensor, dim, p.indices); },
               [&](const SignedPermutation& p) {
                 const at::Tensor permuted = select(tensor, dim, p.indices);
                 return role == Role::gain ? permuted : permuted * along(p.signs, permuted, dim);
               },
               [&](const Matrix& m) {
                 if (role == Role::gain)
                   throw std::invalid_argument("a matrix cannot act on a gain");
                 return multiply(role == Role::vector ? m.forward : m.inverse_transpose, tensor,
                                 dim);
               },
               [&](const RelaxedPermutation& p) { return multiply(p.weights, tensor, dim); }},
      element);
}

Element inverse(const Element& element) {
  return std::visit(
      Overload{
          [](const Permutation& p) -> Element { return Permutation{inverse_indices(p.indices)}; },
          [](const SignedPermutation& p) -> Element {
            SignedPermutation inverted{inverse_indices(p.indices), p.signs};
            for (std::size_t i = 0; i < p.signs.size(); ++i) {
              inverted.signs[static_cast<std::size_t>(p.indices[i])] = p.signs[i];
            }
            return inverted;
          },
          [](const Matrix& m) -> Element {
            return Matrix{m.inverse_transpose.t(), m.forward.t()};
          },
          [](const RelaxedPermutation&) -> Element {
            throw std::invalid_argument("a relaxed permutation has no inverse");
          }},
      element);
}

Matrix make_matrix(const at::Tensor& forward) {
  const at::Tensor map = forward.to(at::kDouble).contiguous();
  require(map.dim() == 2 && map.size(0) == map.size(1) && at::isfinite(map).all().item<bool>(),
          "a matrix that acts on units must be square and finite");
  const auto [inverse, info] = at::linalg_inv_ex(map);
  require(info.item<std::int64_t>() == 0 && at::isfinite(inverse).all().item<bool>(),
          "the matrix cannot be inverted");
  return {map, inverse.t().contiguous()};
}

double condition(const GroupElement& element) {
  double worst = 1;
  for (const Element& block : element) {
    const auto* matrix = std::get_if<Matrix>(&block);
    if (!matrix) continue;
    const at::Tensor values = at::linalg_svdvals(matrix->forward);
    worst = std::max(worst, values.max().item<double>() / values.min().item<double>());
  }
  return worst;
}

Element random_element(Group group, std::int64_t units, Random& random) {
  switch (group) {
    case Group::permutation:
      return Permutation{random.permutation(units)};
    case Group::signed_permutation: {
      SignedPermutation element{random.permutation(units), {}};
      for (std::int64_t i = 0; i < units; ++i) element.signs.push_back(2 * random.below(2) - 1);
      return element;
    }
    case Group::centred_orthogonal: {
      // Q0 diag(1, R) Q0^T, where the first column of Q0 is the ones vector's direction.
      at::Tensor basis = random_matrix(units, random);
      basis.select(1, 0).fill_(1);
      basis = std::get<0>(at::linalg_qr(basis));
      at::Tensor inner = at::eye(units, at::kDouble);
      inner.narrow(0, 1, units - 1)
          .narrow(1, 1, units - 1)
          .copy_(random_orthogonal(units - 1, random));
      const at::Tensor q = at::matmul(at::matmul(basis, inner), basis.t());
      return Matrix{q, q};
    }
    case Group::orthogonal: {
      const at::Tensor q = random_orthogonal(units, random);
      return Matrix{q, q};
    }
    case Group::general: {
      // Orthogonal x diagonal x orthogonal, so that the condition number stays below 4.
      const at::Tensor left = random_orthogonal(units, random);
      const at::Tensor right = random_orthogonal(units, random);
      at::Tensor scale = at::empty({units}, at::kDouble);
      for (std::int64_t i = 0; i < units; ++i) {
        scale.data_ptr<double>()[i] = std::exp2(2 * random.uniform() - 1);
      }
      return Matrix{at::matmul(left * scale, right), at::matmul(left / scale, right)};
    }
  }
  throw std::invalid_argument("unknown group");
}

Transform random_transform(const Symmetries& symmetries, Random& random) {
  Transform transform;
  for (const auto& [name, axis] : symmetries.axes) {
    for (std::int64_t block = 0; block < symmetries.blocks(axis); ++block) {
      transform[name].push_back(random_element(axis.group, axis.size, random));
    }
  }
  return transform;
}

Transform inverse(const Symmetries& symmetries, const Transform& transform) {
  Transform inverted;
  for (const auto& [name, blocks] : transform) {
    const Axis& axis = symmetries.axis(name);
    GroupElement& result = inverted[name];
    for (const Element& block : blocks) result.push_back(inverse(block));
    // (diag(E) P)^-1 = diag(E^-1, reordered by P^-1) P^-1: a block goes back with its parent.
    const auto parent = transform.find(axis.per);
    if (parent == transform.end()) continue;
    const auto& order = std::get<Permutation>(parent->second.front()).indices;
    const GroupElement in_place = result;
    for (std::size_t i = 0; i < order.size(); ++i) {
      result[static_cast<std::size_t>(order[i])] = in_place[i];
    }
  }
  return inverted;
}

const char* kind(const Element& element) {
  return std::visit(Overload{[](const Permutation&) { return "permutation"; },
                             [](const SignedPermutation&) { return "signed permutation"; },
                             [](const Matrix&) { return "matrix"; },
                             [](const RelaxedPermutation&) { return "relaxed permutation"; }},
                    element);
}

}  // namespace braid
