#include "braid/alignment/alignment.h"

#include "braid/symmetry/axis_tree.h"

namespace braid {
namespace {

// The blocks' permutations as one; nullopt unless every block is a permutation.
std::optional<Permutation> flatten(const Symmetries& symmetries, const std::string& name,
                                   const AxisMatch& match, const Transform& transform) {
  Permutation flat;
  const std::vector<std::int64_t> order = block_order(symmetries, name, transform);
  for (std::size_t j = 0; j < match.element.size(); ++j) {
    const auto* inner = std::get_if<Permutation>(&match.element[j]);
    if (!inner) return std::nullopt;
    for (const std::int64_t unit : inner->indices) {
      flat.indices.push_back(order.at(j) * std::ssize(inner->indices) + unit);
    }
  }
  return flat;
}

// The axis's name up to its last part: "layer.3." of "layer.3.ov".
std::string part_of(const std::string& axis) { return axis.substr(0, axis.rfind('.') + 1); }

// Name of the flat view of an axis: the component of the first tap that observes its units; empty
// if none does.
std::string flat_name(const Symmetries& symmetries, const std::string& axis) {
  for (const Tap& tap : symmetries.taps) {
    if (tap.axes.back().axis == axis) return part_of(axis) + tap.component;
  }
  return "";
}

}  // namespace

Transform Alignment::transform() const {
  Transform transform;
  for (const auto& [name, match] : axes) {
    if (match.applied) transform[name] = match.element;
  }
  return transform;
}

bool Alignment::canonical() const {
  return options.is_object() && options.value("canonicalise", false);
}

void fill_from_table(const Symmetries& symmetries, Alignment& alignment) {
  alignment.family = symmetries.family;
  alignment.broken = symmetries.broken;
  alignment.flat.clear();
  const Transform transform = alignment.transform();
  for (auto& [name, match] : alignment.axes) {
    const auto axis = symmetries.axes.find(name);
    match.repeated = axis != symmetries.axes.end() && !axis->second.per.empty();
    if (!match.repeated) continue;
    const std::string view = flat_name(symmetries, name);
    const auto flat = flatten(symmetries, name, match, transform);
    if (view.empty() || !flat) continue;
    AxisMatch flat_match = match;
    flat_match.element = {*flat};
    flat_match.repeated = false;
    alignment.flat[view] = {std::move(flat_match), root_of(symmetries, name)};
  }
}

}  // namespace braid
