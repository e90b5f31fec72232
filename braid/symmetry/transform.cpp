#include "braid/symmetry/transform.h"

#include <algorithm>
#include <span>

#include "braid/error.h"
#include "braid/symmetry/axis_tree.h"
#include "braid/symmetry/shift.h"

namespace braid {
namespace {

// Applies to each block its own element, from `next` on. `outer`: dimensions of the parent axes,
// outermost first.
at::Tensor act_on_blocks(const GroupElement& blocks, std::size_t& next, const at::Tensor& units,
                         std::span<const std::int64_t> outer, std::int64_t dim, Role role) {
  if (outer.empty()) return apply(blocks.at(next++), units, dim, role);
  std::vector<at::Tensor> slices;
  for (std::int64_t b = 0; b < units.size(outer.front()); ++b) {
    slices.push_back(act_on_blocks(blocks, next, units.narrow(outer.front(), b, 1),
                                   outer.subspan(1), dim, role));
  }
  return at::cat(slices, outer.front());
}

// REQUIRES `units` with dimension `dim` split into one dimension per use of the product.
at::Tensor act(const Symmetries& symmetries, const Product& product, at::Tensor units,
               std::int64_t dim, const Transform& transform) {
  for (std::size_t k = 0; k < product.size(); ++k) {
    const AxisUse& use = product[k];
    const auto found = transform.find(use.axis);
    if (found == transform.end()) continue;
    std::vector<std::int64_t> outer;
    for (const std::string& name : ancestors(symmetries, use.axis)) {
      outer.push_back(dim + static_cast<std::int64_t>(factor_of(product, name)));
    }
    std::size_t next = 0;
    units = act_on_blocks(found->second, next, units, outer, dim + static_cast<std::int64_t>(k),
                          use.role);
  }
  return units;
}

bool touches(const Product& product, const Transform& transform) {
  return std::any_of(product.begin(), product.end(),
                     [&](const AxisUse& use) { return transform.contains(use.axis); });
}

// Error naming the axis if a block is not an element of its group.
void check_element(const Axis& axis, const Element& block) {
  const auto& name = axis.name;
  const auto* rotary = std::get_if<RotaryScaling>(&block);
  require((axis.group == Group::rotary) == (rotary != nullptr),
          "axis {}: a {} is not in its group ({})", name, kind(block), group_name(axis.group));
  if (rotary) {
    const std::vector<std::int64_t> pairs = {axis.size / 2};
    require(rotary->real.sizes().equals(pairs) && rotary->imaginary.sizes().equals(pairs),
            "axis {}: a rotary scaling needs {} complex numbers", name, axis.size / 2);
    const at::Tensor modulus = rotary->real.square() + rotary->imaginary.square();
    require(all_finite(modulus) && modulus.min().item<double>() > 0,
            "axis {}: its rotary scaling has a number that is 0 or not finite", name);
    return;
  }
  if (const auto* matrix = std::get_if<Matrix>(&block)) {
    require(mixes(axis.group) && matrix->forward.sizes().equals({axis.size, axis.size}),
            "axis {}: a matrix does not act on {} units of group {}", name, axis.size,
            group_name(axis.group));
    const double skew = (matrix->forward - matrix->inverse_transpose).abs().max().item<double>();
    require(axis.group == Group::general || skew < 1e-9,
            "axis {}: the matrix is not orthogonal, as required by group {}", name,
            group_name(axis.group));
    require(axis.group != Group::centred_orthogonal ||
                (matrix->forward.sum(1) - 1).abs().max().item<double>() < 1e-9,
            "axis {}: the matrix does not fix the all-ones vector", name);
    return;
  }
  require(!std::holds_alternative<RelaxedPermutation>(block) &&
              !std::holds_alternative<ShiftVector>(block),
          "axis {}: a {} does not act on an axis", name, kind(block));
  const auto* signs = std::get_if<SignedPermutation>(&block);
  auto indices = signs ? signs->indices : std::get<Permutation>(block).indices;
  require(!signs || axis.group != Group::permutation, "axis {}: signs are not in its group", name);
  require(!signs || (signs->signs.size() == signs->indices.size() &&
                     std::all_of(signs->signs.begin(), signs->signs.end(),
                                 [](std::int64_t sign) { return sign == 1 || sign == -1; })),
          "axis {}: expected {} signs +1 or -1", name, axis.size);
  std::sort(indices.begin(), indices.end());
  bool permutation = static_cast<std::int64_t>(indices.size()) == axis.size;
  for (std::size_t i = 0; permutation && i < indices.size(); ++i) {
    permutation = indices[i] == static_cast<std::int64_t>(i);
  }
  require(permutation, "axis {}: indices are not a permutation of 0 ... {}", name, axis.size - 1);
  if (axis.group != Group::rotary_signs) return;
  const auto& stay = signs ? signs->indices : std::get<Permutation>(block).indices;
  require(std::is_sorted(stay.begin(), stay.end()) &&
              (!signs || std::equal(signs->signs.begin(), signs->signs.begin() + axis.size / 2,
                                    signs->signs.begin() + axis.size / 2)),
          "axis {}: a {} that moves units, or changes only one of a rotary pair, is not in its "
          "group ({})",
          name, kind(block), group_name(axis.group));
}

// A shift's vector after applying the group elements of `transform` to its units.
at::Tensor carried(const Symmetries& symmetries, const std::string& name, const at::Tensor& vector,
                   const Transform& transform) {
  return transform_tensor(symmetries, {{symmetries.shifts.at(name).units}}, vector, transform);
}

const at::Tensor& vector_of(const GroupElement& element) {
  return std::get<ShiftVector>(element.front()).vector;
}

GroupElement shift_by(const at::Tensor& vector) {
  GroupElement element;
  element.emplace_back(ShiftVector{vector});
  return element;
}

// The blocks, reordered as `transform` reorders their ancestors.
GroupElement with_ancestors(const Symmetries& symmetries, const std::string& name,
                            const GroupElement& blocks, const Transform& transform) {
  GroupElement moved;
  for (const std::int64_t from : block_order(symmetries, name, transform)) {
    moved.push_back(blocks.at(static_cast<std::size_t>(from)));
  }
  return moved;
}

// Axes by number of ancestors.
std::map<std::size_t, std::vector<std::string>> by_depth(const Symmetries& symmetries,
                                                         const Transform& transform) {
  std::map<std::size_t, std::vector<std::string>> names;
  for (const auto& [name, blocks] : transform) {
    if (symmetries.axes.contains(name)) names[ancestors(symmetries, name).size()].push_back(name);
  }
  return names;
}

}  // namespace

at::Tensor transform_tensor(const Symmetries& symmetries, const Pattern& pattern,
                            const at::Tensor& tensor, const Transform& transform) {
  at::Tensor result = tensor;
  for (std::size_t d = 0; d < pattern.size(); ++d) {
    const auto dim = static_cast<std::int64_t>(d);
    const auto inner = dim + static_cast<std::int64_t>(pattern[d].shared);
    const bool touched = std::any_of(pattern[d].begin(), pattern[d].end(),
                                     [&](const auto& term) { return touches(term, transform); });
    if (!touched) continue;
    std::vector<at::Tensor> terms = symmetries.terms(pattern[d], result, dim);
    for (std::size_t t = 0; t < terms.size(); ++t) {
      const Product& product = pattern[d][t];
      terms[t] = act(symmetries, product, terms[t], dim, transform)
                     .flatten(inner, dim + std::ssize(product) - 1);
    }
    result = (terms.size() == 1 ? terms.front() : at::cat(terms, inner)).flatten(dim, inner);
  }
  return result;
}

LazyTensors transform_lazily(const Symmetries& symmetries, const Tensors& parameters,
                             const Transform& transform) {
  check_transform(symmetries, transform);
  const bool reorders = std::all_of(transform.begin(), transform.end(), [](const auto& entry) {
    return std::holds_alternative<Permutation>(entry.second.front()) ||
           std::holds_alternative<SignedPermutation>(entry.second.front());
  });
  const Tensors shifted = shift(symmetries, parameters, transform);
  const auto table = std::make_shared<const Symmetries>(symmetries);
  const auto element = std::make_shared<const Transform>(transform);
  LazyTensors transformed;
  for (const auto& [name, tensor] : parameters) {
    const auto move = [table, element, name = name](const at::Tensor& values) {
      return transform_tensor(*table, table->tensors.at(name), values, *element);
    };
    LazyTensor moved = lazy(tensor);
    if (reorders) {
      moved.make = [move, tensor = tensor] { return move(tensor).contiguous(); };
    } else {
      // Rounded only once, even if several axes mix units.
      moved.make = [move, tensor = tensor, from = shifted.at(name)] {
        const at::Tensor wide = from.to(at::kDouble), result = move(wide);
        const bool still = result.is_same(wide) && from.is_same(tensor);
        return still ? tensor : result.to(tensor.scalar_type()).contiguous();
      };
    }
    transformed.emplace(name, std::move(moved));
  }
  return transformed;
}

Tensors transform_parameters(const Symmetries& symmetries, const Tensors& parameters,
                             const Transform& transform) {
  return make(transform_lazily(symmetries, parameters, transform));
}

Transform random_transform(const Symmetries& symmetries, Random& random) {
  Transform transform;
  for (const auto& [name, axis] : symmetries.axes) {
    for (std::int64_t block = 0; block < symmetries.blocks(axis); ++block) {
      transform[name].push_back(random_element(axis.group, axis.size, random));
    }
  }
  for (const auto& [name, shift] : symmetries.shifts) {
    at::Tensor vector = at::empty(symmetries.shape({{shift.units}}), at::kDouble);
    for (std::int64_t i = 0; i < vector.numel(); ++i) {
      vector.data_ptr<double>()[i] = random.normal();
    }
    transform[name] = shift_by(vector);
  }
  return transform;
}

Transform inverse(const Symmetries& symmetries, const Transform& transform) {
  Transform inverted;
  for (const auto& [name, blocks] : transform) {
    if (symmetries.shifts.contains(name)) {
      // (g s)^-1 = g^-1 (g s^-1 g^-1): the inverse vector is transformed by g.
      inverted[name] = shift_by(-carried(symmetries, name, vector_of(blocks), transform));
      continue;
    }
    for (const Element& block : blocks) inverted[name].push_back(inverse(block));
  }
  // (diag(E) P)^-1 = diag(E^-1, reordered by P^-1) P^-1: blocks move back with their parent, after
  // that has moved back with its own.
  for (const auto& [depth, names] : by_depth(symmetries, inverted)) {
    for (const std::string& name : names) {
      inverted[name] = with_ancestors(symmetries, name, inverted[name], inverted);
    }
  }
  return inverted;
}

Transform compose(const Symmetries& symmetries, const Transform& second, const Transform& first) {
  Transform both;
  const Transform back = inverse(symmetries, first);
  for (const auto& [name, blocks] : second) {
    // g2 s2 g1 s1 = g2 g1 (g1^-1 s2 g1) s1
    both[name] = symmetries.shifts.contains(name)
                     ? shift_by(carried(symmetries, name, vector_of(blocks), back))
                     : blocks;
  }
  for (const auto& [name, blocks] : first) {
    const bool shift = symmetries.shifts.contains(name);
    // E2 P2 E1 P1 = E2 (E1, reordered by P2) P2 P1
    const GroupElement moved = shift ? blocks : with_ancestors(symmetries, name, blocks, second);
    const auto [after, only_first] = both.emplace(name, moved);
    if (only_first) continue;
    if (shift) {
      after->second = shift_by(vector_of(after->second) + vector_of(moved));
      continue;
    }
    for (std::size_t i = 0; i < moved.size(); ++i) {
      after->second[i] = compose(after->second[i], moved[i]);
    }
  }
  return both;
}

std::vector<std::string> returned_axes(const Symmetries& symmetries, const Transform& transform) {
  std::vector<std::string> names;
  for (const auto& [name, axis] : symmetries.axes) {
    if (axis.returned && transform.contains(name)) names.push_back(name);
  }
  return names;
}

void check_transform(const Symmetries& symmetries, const Transform& transform) {
  for (const auto& [name, blocks] : transform) {
    if (const auto shift = symmetries.shifts.find(name); shift != symmetries.shifts.end()) {
      const auto* element =
          blocks.size() == 1 ? std::get_if<ShiftVector>(&blocks.front()) : nullptr;
      const auto size = symmetries.shape({{shift->second.units}});
      require(element && element->vector.sizes().equals(size) && all_finite(element->vector),
              "{}: expected a finite vector of {} units", name, size.front());
      continue;
    }
    const auto found = symmetries.axes.find(name);
    require(found != symmetries.axes.end(), "axis {}: unknown in a {} model", name,
            symmetries.family);
    const Axis& axis = found->second;
    require(static_cast<std::int64_t>(blocks.size()) == symmetries.blocks(axis),
            "axis {}: {} group elements, expected {}", name, blocks.size(),
            symmetries.blocks(axis));
    for (const Element& block : blocks) check_element(axis, block);
  }
}

}  // namespace braid
