#include "braid/symmetry/axis_uses.h"

#include "braid/symmetry/axis_tree.h"

namespace braid {

const Product& product_at(const Symmetries& symmetries, const UsePlace& place) {
  return symmetries.tensors.at(place.tensor)[place.dimension][place.term];
}

namespace {

// A term with the axes' factors moved to the front: (one dimension per axis, everything else).
at::Tensor axes_first(const Symmetries& symmetries, const UsePlace& place,
                      const std::vector<std::string>& axes, const at::Tensor& tensor) {
  const Product& product = product_at(symmetries, place);
  const auto dim = static_cast<std::int64_t>(place.dimension);
  std::vector<std::int64_t> from, to;
  for (const std::string& axis : axes) {
    to.push_back(std::ssize(from));
    from.push_back(dim + static_cast<std::int64_t>(factor_of(product, axis)));
  }
  return term_at(symmetries, place, tensor)
      .to(at::kDouble)
      .unsqueeze(-1)
      .movedim(from, to)
      .flatten(std::ssize(axes));
}

}  // namespace

std::vector<UsePlace> uses_of(const Symmetries& symmetries, const std::string& axis) {
  std::vector<UsePlace> places;
  for (const auto& [name, pattern] : symmetries.tensors) {
    for (std::size_t d = 0; d < pattern.size(); ++d) {
      for (std::size_t t = 0; t < pattern[d].size(); ++t) {
        for (std::size_t f = 0; f < pattern[d][t].size(); ++f) {
          const AxisUse& use = pattern[d][t][f];
          if (use.axis == axis) places.push_back({name, d, t, f, use.role});
        }
      }
    }
  }
  return places;
}

std::vector<std::string> tree_axes(const Symmetries& symmetries, const UsePlace& place) {
  const Product& product = product_at(symmetries, place);
  const std::string root = root_of(symmetries, product[place.factor].axis);
  std::vector<std::string> axes;
  for (const AxisUse& use : product) {
    if (use.role != Role::inert && root_of(symmetries, use.axis) == root) axes.push_back(use.axis);
  }
  return axes;
}

Pattern without(const Symmetries& symmetries, const UsePlace& place) {
  Pattern pattern = symmetries.tensors.at(place.tensor);
  Product& product = pattern[place.dimension][place.term];
  for (const std::string& axis : tree_axes(symmetries, place)) {
    AxisUse& use = product[factor_of(product, axis)];
    use = {"", Role::inert, symmetries.axis(axis).size};
  }
  return pattern;
}

at::Tensor term_at(const Symmetries& symmetries, const UsePlace& place, const at::Tensor& tensor) {
  return symmetries.terms(symmetries.tensors.at(place.tensor)[place.dimension], tensor,
                          static_cast<std::int64_t>(place.dimension))[place.term];
}

at::Tensor tree_first(const Symmetries& symmetries, const UsePlace& place,
                      const at::Tensor& tensor) {
  const std::vector<std::string> axes = tree_axes(symmetries, place);
  return axes_first(symmetries, place, axes, tensor).flatten(0, std::ssize(axes) - 1);
}

at::Tensor units_first(const Symmetries& symmetries, const UsePlace& place,
                       const at::Tensor& tensor) {
  const std::string& axis = product_at(symmetries, place)[place.factor].axis;
  std::vector<std::string> axes = ancestors(symmetries, axis);
  const std::int64_t outer = std::ssize(axes);
  axes.push_back(axis);
  const at::Tensor units = axes_first(symmetries, place, axes, tensor);
  return outer == 0 ? units : units.flatten(0, outer - 1);
}

}  // namespace braid
