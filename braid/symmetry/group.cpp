#include "braid/symmetry/group.h"

#include <stdexcept>

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
                 const at::Tensor& map = role == Role::vector ? m.forward : m.inverse_transpose;
                 return at::matmul(tensor.to(at::kDouble).movedim(dim, -1), map.t())
                     .movedim(-1, dim)
                     .to(tensor.scalar_type());
               }},
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
          }},
      element);
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
    case Group::orthogonal: {
      const at::Tensor q = std::get<0>(at::linalg_qr(random_matrix(units, random)));
      return Matrix{q, q};
    }
    case Group::general: {
      // Orthogonal x diagonal x orthogonal, so that the condition number stays below 4.
      const at::Tensor left = std::get<0>(at::linalg_qr(random_matrix(units, random)));
      const at::Tensor right = std::get<0>(at::linalg_qr(random_matrix(units, random)));
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
                             [](const Matrix&) { return "matrix"; }},
                    element);
}

}  // namespace braid
