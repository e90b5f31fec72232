#include "braid/methods/match_options.h"

#include <algorithm>

#include "braid/error.h"

namespace braid {

std::optional<Group> usable_group(const Axis& axis, const MatchOptions& options) {
  const bool orders_heads = axis.component == "attention" && permutes_only(axis.group);
  if (orders_heads && options.heads == Heads::monotonic) return std::nullopt;
  if (axis.group == Group::signed_permutation) {
    return options.signs && !options.absolute ? axis.group : Group::permutation;
  }
  if (axis.group == Group::rotary_signs) {
    return options.signs && !options.absolute ? std::optional(axis.group) : std::nullopt;
  }
  if (axis.per.empty() || permutes_only(axis.group)) return axis.group;
  switch (options.in_head) {
    case InHead::permutation:
      if (axis.group == Group::rotary) return std::nullopt;
      return Group::permutation;
    case InHead::orthogonal:
      return axis.group == Group::general ? Group::orthogonal : axis.group;
    case InHead::general:
      break;
  }
  return axis.group;
}

bool moves_inside(const Symmetries& symmetries, const std::set<std::string>& components) {
  return std::any_of(symmetries.axes.begin(), symmetries.axes.end(), [&](const auto& named) {
    return !named.second.per.empty() && components.contains(named.second.component);
  });
}

std::vector<std::string> taps_to_observe(const Symmetries& symmetries,
                                         const MatchOptions& options) {
  // Queries and keys are observed only if needed: for their own maps, or if their units differ in
  // number from the values' (Pythia's non-rotary ones).
  const auto goes_with_values = [&](const Axis& axis) {
    return std::any_of(symmetries.taps.begin(), symmetries.taps.end(), [&](const Tap& other) {
      const Axis& values = symmetries.axis(other.axes.back().axis);
      return other.component != query_key_component && values.per == axis.per &&
             values.size == axis.size;
    });
  };
  const auto says_more = [&](const Tap& tap) {
    const Axis& axis = symmetries.axis(tap.axes.back().axis);
    const std::optional<Group> group = usable_group(axis, options);
    return group && (options.query_key == QueryKey::separate || !permutes_only(*group) ||
                     !goes_with_values(axis));
  };
  std::vector<std::string> taps;
  std::set<std::string> met;
  std::string last_residual;
  for (const Tap& tap : symmetries.taps) {
    const bool query_key = tap.component == query_key_component;
    if (!options.components.contains(query_key ? "attention" : tap.component)) continue;
    if (query_key && !says_more(tap)) continue;
    if (tap.component == "residual") {
      last_residual = tap.name;
      if (options.residual == ResidualTaps::first && met.contains("residual")) continue;
      if (options.residual == ResidualTaps::last) continue;
    }
    met.insert(tap.component);
    taps.push_back(tap.name);
  }
  if (options.residual == ResidualTaps::last && !last_residual.empty()) {
    taps.push_back(last_residual);
    met.insert("residual");
  }
  for (const std::string& component : options.components) {
    require(met.contains(component), "this {} model has no component '{}' to align",
            symmetries.family, component);
  }
  return taps;
}

}  // namespace braid
