#include "braid/symmetry/group.h"

#include <algorithm>
#include <numbers>
#include <stdexcept>

#include "braid/error.h"

namespace braid {
namespace {

template <typename... Cases>
struct Overload : Cases... {
  using Cases::operator()...;
};
template <typename... Cases>
Overload(Cases...) -> Overload<Cases...>;  // needed by Clang 14

at::Tensor select(const at::Tensor& tensor, std::int64_t dim,
                  const std::vector<std::int64_t>& indices) {
  return tensor.index_select(dim, at::tensor(indices, at::kLong).to(tensor.device()));
}

// Signs as a tensor that broadcasts over every dimension except `dim`.
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
  return at::matmul(tensor.to(map.scalar_type()).movedim(dim, -1), map.t().to(tensor.device()))
      .movedim(-1, dim)
      .to(tensor.scalar_type());
}

// The scaling for a role: z for vectors, 1 / conj(z) for covectors.
RotaryScaling in_role(const RotaryScaling& z, Role role) {
  if (role == Role::gain) throw std::invalid_argument("a rotary scaling cannot act on a gain");
  if (role == Role::vector) return z;
  const at::Tensor squared = z.real.square() + z.imaginary.square();
  return {z.real / squared, z.imaginary / squared};
}

RotaryScaling multiply(const RotaryScaling& z, const RotaryScaling& w) {
  return {z.real * w.real - z.imaginary * w.imaginary, z.real * w.imaginary + z.imaginary * w.real};
}

// z times the pairs (i, i + n/2) along `dim`.
at::Tensor turn(const RotaryScaling& z, const at::Tensor& tensor, std::int64_t dim) {
  const auto halves = tensor.to(z.real.scalar_type()).movedim(dim, -1).chunk(2, -1);
  const RotaryScaling turned = multiply(z, RotaryScaling{halves[0], halves[1]});
  return at::cat({turned.real, turned.imaginary}, -1).movedim(-1, dim).to(tensor.scalar_type());
}

SignedPermutation with_signs(const Element& element) {
  if (const auto* signs = std::get_if<SignedPermutation>(&element)) return *signs;
  const auto& indices = std::get<Permutation>(element).indices;
  return {indices, std::vector<std::int64_t>(indices.size(), 1)};
}

Matrix as_matrix(const Element& element) {
  if (const auto* matrix = std::get_if<Matrix>(&element)) return *matrix;
  const auto units = static_cast<std::int64_t>(with_signs(element).indices.size());
  const at::Tensor map = apply(element, at::eye(units, at::kDouble), 0, Role::vector);
  return {map, map};
}

// Composes elements of two kinds as the smallest kind that contains both.
Element compose_mixed(const Element& second, const Element& first) {
  const auto either = [&]<typename Kind>(std::type_identity<Kind>) {
    return std::holds_alternative<Kind>(second) || std::holds_alternative<Kind>(first);
  };
  if (either(std::type_identity<RotaryScaling>()) || either(std::type_identity<ShiftVector>()) ||
      either(std::type_identity<RelaxedPermutation>())) {
    throw std::invalid_argument(std::string("a ") + kind(second) + " does not compose with a " +
                                kind(first));
  }
  if (!either(std::type_identity<Matrix>())) {
    return compose(with_signs(second), with_signs(first));
  }
  return compose(as_matrix(second), as_matrix(first));
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
               [&](const RotaryScaling& z) { return turn(in_role(z, role), tensor, dim); },
               [](const ShiftVector&) -> at::Tensor {
                 throw std::invalid_argument("a shift does not act on an axis");
               },
               [&](const RelaxedPermutation& p) {
                 const bool sized = role == Role::gain && p.signs.defined();
                 return multiply(sized ? p.weights * p.signs : p.weights, tensor, dim);
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
          },
          [](const RotaryScaling& z) -> Element {
            // 1 / z is the conjugate of 1 / conj(z).
            const RotaryScaling inverted = in_role(z, Role::covector);
            return RotaryScaling{inverted.real, -inverted.imaginary};
          },
          [&](const auto&) -> Element {
            throw std::invalid_argument(std::string("a ") + kind(element) + " has no inverse here");
          }},
      element);
}

Element compose(const Element& second, const Element& first) {
  return std::visit(
      Overload{
          [](const Permutation& g, const Permutation& h) -> Element {
            Permutation both;
            for (const std::int64_t i : g.indices) {
              both.indices.push_back(h.indices[static_cast<std::size_t>(i)]);
            }
            return both;
          },
          [](const SignedPermutation& g, const SignedPermutation& h) -> Element {
            SignedPermutation both;
            for (std::size_t i = 0; i < g.indices.size(); ++i) {
              const auto k = static_cast<std::size_t>(g.indices[i]);
              both.indices.push_back(h.indices[k]);
              both.signs.push_back(g.signs[i] * h.signs[k]);
            }
            return both;
          },
          [](const Matrix& g, const Matrix& h) -> Element {
            return Matrix{at::matmul(g.forward, h.forward),
                          at::matmul(g.inverse_transpose, h.inverse_transpose)};
          },
          [](const RotaryScaling& g, const RotaryScaling& h) -> Element { return multiply(g, h); },
          [&](const auto&, const auto&) -> Element { return compose_mixed(second, first); }},
      second, first);
}

Matrix make_matrix(const at::Tensor& forward) {
  const at::Tensor map = forward.to(at::kDouble).contiguous();
  require(map.dim() == 2 && map.size(0) == map.size(1) && all_finite(map),
          "a matrix acting on units must be square and finite");
  const auto [inverse, info] = at::linalg_inv_ex(map);
  require(info.item<std::int64_t>() == 0 && all_finite(inverse), "the matrix is singular");
  return {map, inverse.t().contiguous()};
}

double condition(const GroupElement& element) {
  double worst = 1;
  for (const Element& block : element) {
    const auto* matrix = std::get_if<Matrix>(&block);
    const auto* rotary = std::get_if<RotaryScaling>(&block);
    if (!matrix && !rotary) continue;
    const at::Tensor values = matrix ? at::linalg_svdvals(matrix->forward)
                                     : (rotary->real.square() + rotary->imaginary.square()).sqrt();
    worst = std::max(worst, values.max().item<double>() / values.min().item<double>());
  }
  return worst;
}

Element identity_element(Group group, std::int64_t units) {
  if (group == Group::rotary) {
    return RotaryScaling{at::ones({units / 2}, at::kDouble), at::zeros({units / 2}, at::kDouble)};
  }
  Permutation identity;
  for (std::int64_t i = 0; i < units; ++i) identity.indices.push_back(i);
  return identity;
}

SignedPermutation signs_of_pairs(const std::vector<std::int64_t>& signs) {
  SignedPermutation element;
  for (int half = 0; half < 2; ++half) {
    element.signs.insert(element.signs.end(), signs.begin(), signs.end());
  }
  for (std::int64_t i = 0; i < std::ssize(element.signs); ++i) element.indices.push_back(i);
  return element;
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
    case Group::rotary: {
      at::Tensor polar = at::empty({2, units / 2}, at::kDouble);
      for (std::int64_t i = 0; i < units; ++i) polar.data_ptr<double>()[i] = random.uniform();
      const at::Tensor modulus = at::exp2(2 * polar[0] - 1);
      const at::Tensor angle = polar[1] * (2 * std::numbers::pi);
      return RotaryScaling{modulus * angle.cos(), modulus * angle.sin()};
    }
    case Group::rotary_signs: {
      std::vector<std::int64_t> signs;
      for (std::int64_t i = 0; i < units / 2; ++i) signs.push_back(2 * random.below(2) - 1);
      return signs_of_pairs(signs);
    }
  }
  throw std::invalid_argument("unknown group");
}

const char* kind(const Element& element) {
  return std::visit(Overload{[](const Permutation&) { return "permutation"; },
                             [](const SignedPermutation&) { return "signed permutation"; },
                             [](const Matrix&) { return "matrix"; },
                             [](const RotaryScaling&) { return "rotary scaling"; },
                             [](const ShiftVector&) { return "shift"; },
                             [](const RelaxedPermutation&) { return "relaxed permutation"; }},
                    element);
}

}  // namespace braid
