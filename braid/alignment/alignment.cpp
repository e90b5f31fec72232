#include "braid/alignment/alignment.h"

#include "braid/symmetry/axis_tree.h"

namespace braid {
namespace {

// Every block's permutation inside its block, or nothing where units are mapped otherwise.
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

// The part of the model that an axis is of: "layer.3." of "layer.3.ov".
std::string part_of(const std::string& axis) { return axis.substr(0, axis.rfind('.') + 1); }

// What the units of all blocks of an axis are called together: as the component of the first tap
// that shows them.
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
    AxisMatch seen = match;
    seen.element = {*flat};
    seen.repeated = false;
    alignment.flat[view] = {std::move(seen), root_of(symmetries, name)};
  }
}

}  // namespace braid
