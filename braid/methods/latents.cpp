#include "braid/methods/latents.h"

#include "braid/alignment/solver.h"
#include "braid/error.h"
#include "braid/symmetry/axis_uses.h"

namespace braid {
namespace {

at::Tensor inverse_of(const at::Tensor& map) {
  const auto [inverse, failed] = at::linalg_inv_ex(map);
  require(failed.item<std::int64_t>() == 0,
          "`method` learned: an in-head map has become singular; use a smaller `learning-rate` or "
          "another `start`");
  return inverse;
}

// The learnt numbers of an element: a matrix, or the complex numbers of a rotary scaling.
at::Tensor as_latent(const Element& element) {
  if (const auto* rotary = std::get_if<RotaryScaling>(&element)) {
    return at::stack({rotary->real, rotary->imaginary}).to(at::kFloat);
  }
  if (const auto* matrix = std::get_if<Matrix>(&element)) return matrix->forward.to(at::kFloat);
  const auto* flips = std::get_if<SignedPermutation>(&element);
  const auto& indices = flips ? flips->indices : std::get<Permutation>(element).indices;
  const at::Tensor rows =
      at::eye(std::ssize(indices), at::kFloat).index_select(0, at::tensor(indices, at::kLong));
  return flips ? rows * at::tensor(flips->signs, at::kFloat).unsqueeze(1) : rows;
}

std::string name_for_users(const Axis& axis) {
  if (!axis.per.empty() && mixes(axis.group)) return "in-head";
  return axis.component == "attention" ? "heads" : axis.component;
}

bool may_move(const Axis& axis, const std::set<std::string>& learn) {
  const std::string name = name_for_users(axis);
  if (!learn.empty()) return learn.contains(name);
  return name == "in-head" || name == "ffn" || mixes(axis.group);
}

// The nearest orthogonal matrix U V^T, as in settled(), with derivative U K V^T, K_ij = (D - D')_ij
// / (s_i + s_j), D = U' dX V, which has no poles at equal singular values. The term that carries
// the derivative has value zero. REQUIRES float64: directions of small singular values are
// sensitive.
at::Tensor orthogonalise(const at::Tensor& latent) {
  const at::Tensor fixed = latent.detach();
  const auto [u, s, v] = at::linalg_svd(fixed, false);
  const at::Tensor change = at::mm(at::mm(u.t(), latent - fixed), v.t());
  const at::Tensor sums = at::clamp_min(s.unsqueeze(0) + s.unsqueeze(1), 1e-6);
  return at::mm(u, v) + at::mm(at::mm(u, (change - change.t()) / sums), v);
}

// Projects to matrices that fix the all-ones vector, so that U V^T does too.
at::Tensor centre(const at::Tensor& latent) {
  const at::Tensor rows = latent - latent.mean(1, true);
  return rows - rows.mean(0, true) + 1 / static_cast<double>(latent.size(0));
}

GroupElement at_rest(const Symmetries& symmetries, const Axis& axis) {
  return GroupElement(static_cast<std::size_t>(symmetries.blocks(axis)),
                      identity_element(axis.group, axis.size));
}

}  // namespace

Latents::Latents(const Symmetries& symmetries, const Transform& start, const LatentOptions& options)
    : symmetries_(symmetries) {
  for (const auto& [name, axis] : symmetries.axes) {
    if (may_move(axis, options.learn)) add(axis, start, options);
  }
  if (options.shifts && (options.learn.empty() || options.learn.contains("shifts"))) {
    for (const auto& [name, shift] : symmetries.shifts) {
      const auto found = start.find(name);
      const at::Tensor vector = found == start.end()
                                    ? at::zeros(symmetries.shape({{shift.units}}))
                                    : std::get<ShiftVector>(found->second.front()).vector;
      latents_[name] = {.shift = true, .scale = 1 / options.shift_rate};
      start_[name] = vector.to(at::kFloat) / options.shift_rate;
      moved_.insert({shift.map + ".weight", shift.map + ".bias", shift.other + ".bias"});
    }
  }
  require(!start_.empty(), "nothing to learn: this {} model has no {}", symmetries.family,
          options.learn.empty() ? "maps that mix units"
                                : fmt::format("{}", fmt::join(options.learn, ", ")));
}

void Latents::add(const Axis& axis, const Transform& start, const LatentOptions& options) {
  const auto found = start.find(axis.name);
  const GroupElement element = found == start.end() ? at_rest(symmetries_, axis) : found->second;
  Latent latent{.group = axis.group};
  if (reorders(axis.group)) {
    latent.scale = options.latent * options.learning_rate / options.permutation_learning_rate;
  }
  std::vector<at::Tensor> blocks;
  for (const Element& block : element) blocks.push_back(as_latent(block) * latent.scale);
  start_[axis.name] = at::stack(blocks);
  latents_[axis.name] = latent;
  for (const UsePlace& place : uses_of(symmetries_, axis.name)) moved_.insert(place.tensor);
}

Transform Latents::relaxed(const Tensors& values) const {
  Transform transform;
  for (const auto& [name, value] : values) {
    const Latent& latent = latents_.at(name);
    if (latent.shift) {
      transform[name] = {ShiftVector{value / latent.scale}};
      continue;
    }
    for (std::int64_t i = 0; i < value.size(0); ++i) {
      transform[name].push_back(relaxed(latent, value[i]));
    }
  }
  return transform;
}

Element Latents::relaxed(const Latent& latent, const at::Tensor& block) {
  switch (latent.group) {
    case Group::general:
      return Matrix{block, inverse_of(block).t()};
    case Group::rotary:
      return RotaryScaling{block[0], block[1]};
    case Group::orthogonal:
    case Group::centred_orthogonal: {
      const bool centred = latent.group == Group::centred_orthogonal;
      const at::Tensor wide = block.to(at::kDouble);
      const at::Tensor map = orthogonalise(centred ? centre(wide) : wide).to(block.scalar_type());
      return Matrix{map, map};
    }
    case Group::permutation:
    case Group::signed_permutation:
    case Group::rotary_signs:
      break;
  }
  // Straight-through: the assignment forward, the whole matrix backward.
  const at::Tensor fixed = block.detach();
  const at::Tensor hard = as_latent(solve(latent.group, fixed.to(at::kDouble)).element);
  RelaxedPermutation mixture{hard + (block - fixed) / latent.scale, {}};
  if (latent.group != Group::permutation) {
    mixture.signs = at::where(hard.ne(0), hard, fixed).sign();
  }
  return mixture;
}

Transform Latents::settled(const Tensors& values) const {
  Transform transform;
  for (const auto& [name, value] : values) {
    const Latent& latent = latents_.at(name);
    const at::Tensor wide = value.to(at::kDouble) / latent.scale;
    if (latent.shift) {
      transform[name] = {ShiftVector{wide}};
      continue;
    }
    for (const at::Tensor& block : wide.unbind()) {
      transform[name].push_back(settled(latent, block));
    }
  }
  return transform;
}

// Elements learnt directly as they are; otherwise the nearest element of the group.
Element Latents::settled(const Latent& latent, const at::Tensor& block) {
  if (latent.group == Group::general) return make_matrix(block);
  if (latent.group == Group::rotary) return RotaryScaling{block[0].clone(), block[1].clone()};
  return solve(latent.group, block).element;
}

}  // namespace braid
