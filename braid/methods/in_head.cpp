#include "braid/methods/in_head.h"

namespace braid {
namespace {

// A power of a symmetric positive semidefinite matrix, with eigenvalues bounded away from zero.
at::Tensor power(const at::Tensor& symmetric, double exponent) {
  constexpr double least = 1e-12;
  const auto [values, vectors] = at::linalg_eigh(symmetric);
  const double largest = values.max().item<double>();
  const at::Tensor kept = values.clamp_min(largest > 0 ? least * largest : 1.0);
  return at::matmul(vectors * kept.pow(exponent), vectors.t());
}

// T^2 = G^-1/2 (G^1/2 H G^1/2)^1/2 G^-1/2, the geometric mean of G^-1 and H (Pusz & Woronowicz
// 1975).
Matrix balancing(const at::Tensor& g, const at::Tensor& h) {
  const at::Tensor root = power(g, 0.5), inverse_root = power(g, -0.5);
  const at::Tensor middle = power(at::matmul(at::matmul(root, h), root), 0.5);
  const at::Tensor square = at::matmul(at::matmul(inverse_root, middle), inverse_root);
  return {power(square, 0.5), power(square, -0.5)};
}

// The same for rotary pairs, whose maps commute: t^4 = |h| / |g|.
RotaryScaling balancing_pairs(const at::Tensor& g, const at::Tensor& h) {
  constexpr double least = 1e-12;
  const auto squares = [&](const at::Tensor& gram) {
    const auto halves = gram.diagonal().chunk(2);
    const at::Tensor sum = halves[0] + halves[1];
    const double largest = sum.max().item<double>();
    return sum.clamp_min(largest > 0 ? least * largest : 1.0);
  };
  const at::Tensor scale = (squares(h) / squares(g)).pow(0.25);
  return {scale, at::zeros_like(scale)};
}

}  // namespace

GroupElement balance(const Symmetries& symmetries, const std::string& axis,
                     const Tensors& parameters) {
  const Axis& of = symmetries.axis(axis);
  const std::int64_t blocks = symmetries.blocks(of);
  at::Tensor grams[2];
  for (at::Tensor& gram : grams) gram = at::zeros({blocks, of.size, of.size}, at::kDouble);
  for (const UsePlace& place : uses_of(symmetries, axis)) {
    const at::Tensor units = units_first(symmetries, place, parameters.at(place.tensor));
    grams[place.role == Role::covector] += at::matmul(units, units.transpose(1, 2));
  }
  GroupElement frames;
  for (std::int64_t j = 0; j < blocks; ++j) {
    if (of.group == Group::rotary) {
      frames.push_back(balancing_pairs(grams[0][j], grams[1][j]));
    } else {
      frames.push_back(balancing(grams[0][j], grams[1][j]));
    }
  }
  return frames;
}

FramesByAxis find_frames(const Symmetries& symmetries, const Tensors& a, const Tensors& b) {
  FramesByAxis frames;
  for (const auto& [name, axis] : symmetries.axes) {
    const bool scales = axis.group == Group::general || axis.group == Group::rotary;
    if (axis.per.empty() || !scales) continue;
    frames[name] = {balance(symmetries, name, a), balance(symmetries, name, b)};
  }
  return frames;
}

at::Tensor into_frames(const at::Tensor& cross, Role role, const Frames& frames,
                       const std::vector<std::int64_t>& frame_of) {
  const at::Tensor units = at::eye(cross.size(1), at::kDouble);
  const auto stack = [&](const GroupElement& blocks) {
    std::vector<at::Tensor> maps;
    for (const std::int64_t block : frame_of) {
      maps.push_back(apply(blocks.at(static_cast<std::size_t>(block)), units, 0, role));
    }
    return at::stack(maps);
  };
  const at::Tensor left = stack(frames.a).unsqueeze(1), right = stack(frames.b).unsqueeze(0);
  const at::Tensor blocks = cross.transpose(1, 2);  // (blocks of A, of B, n, n)
  return at::matmul(at::matmul(left, blocks), right.transpose(2, 3)).transpose(1, 2);
}

GroupElement out_of_frames(const GroupElement& maps, const std::vector<std::int64_t>& order,
                           const Frames& frames) {
  GroupElement result;
  for (std::size_t j = 0; j < order.size(); ++j) {
    const Element& of_b = frames.b.at(static_cast<std::size_t>(order[j]));
    result.push_back(compose(compose(inverse(frames.a.at(j)), maps.at(j)), of_b));
  }
  return result;
}

}  // namespace braid
