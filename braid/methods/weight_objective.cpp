#include "braid/methods/weight_objective.h"

#include <algorithm>
#include <cmath>

#include "braid/symmetry/axis_tree.h"
#include "braid/symmetry/transform.h"

namespace braid {

WeightObjective::WeightObjective(const Symmetries& symmetries, Tensors a, Tensors b,
                                 const Benefits& benefits)
    : symmetries_(symmetries), a_(std::move(a)), b_(std::move(b)), benefits_(benefits) {
  for (const auto& [name, tensor] : a_) {
    const double norms = tensor.norm().item<double>() * b_.at(name).norm().item<double>();
    votes_[name] = std::sqrt(static_cast<double>(tensor.numel()));
    scale_[name] = norms > 0 ? votes_[name] / norms : 0;
  }
}

double WeightObjective::operator()(const Transform& transform) const {
  double sum = 0;
  for (const auto& [name, tensor] : a_) {
    const at::Tensor moved =
        transform_tensor(symmetries_, symmetries_.tensors.at(name), b_.at(name), transform);
    sum += scale_.at(name) * (tensor * moved).sum().item<double>();
  }
  for (const auto& [axes, table] : benefits_) {
    if (!transform.contains(axes.back())) continue;
    // <g, benefit>: the trace of the table with B's units moved.
    Product units;
    for (const std::string& axis : axes) units.push_back({axis, Role::vector});
    const Pattern pattern = {{{{"", Role::inert, table.size(0)}}}, {units}};
    const at::Tensor moved = transform_tensor(symmetries_, pattern, table, transform);
    sum += benefit_weight(axes) * moved.diagonal().sum().item<double>();
  }
  return sum;
}

std::vector<Agreement> WeightObjective::agreements(const std::string& root,
                                                   const Transform& transform,
                                                   const std::set<std::string>& settled) const {
  // Gains are kept separate, because signs do not affect them.
  std::map<std::pair<std::vector<std::string>, bool>, std::vector<UsePlace>> places;
  for (const UsePlace& place : uses_of(symmetries_, root)) {
    const std::vector<std::string> axes = tree_axes(symmetries_, place);
    const bool flips = std::any_of(axes.begin(), axes.end(), [&](const std::string& axis) {
      return !permutes_only(symmetries_.axis(axis).group);
    });
    places[{axes, place.role == Role::gain && flips}].push_back(place);
  }
  for (const auto& [axes, table] : benefits_) {
    if (axes.front() == root) places[{axes, false}];  // even if no tensor has them together
  }
  std::vector<Agreement> found;
  for (const auto& [kind, all] : places) {
    const auto& [axes, sized] = kind;
    std::vector<UsePlace> usable;
    for (const UsePlace& place : all) {
      if (is_settled(place, settled)) usable.push_back(place);
    }
    at::Tensor table = agreement(usable.empty() ? all : usable, units_on(axes), transform);
    const auto benefit = benefits_.find(axes);
    if (benefit != benefits_.end() && !sized) {
      table = table + benefit->second * benefit_weight(axes);
    }
    found.push_back(Agreement::of(symmetries_, axes, table));
    found.back().sized = sized;
  }
  return found;
}

at::Tensor WeightObjective::agreement(const std::vector<UsePlace>& places, std::int64_t units,
                                      const Transform& transform) const {
  at::Tensor table = at::zeros({units, units}, at::kDouble);
  for (const UsePlace& place : places) {
    const at::Tensor moved =
        transform_tensor(symmetries_, without(symmetries_, place), b_.at(place.tensor), transform);
    const auto rows = [&](const at::Tensor& tensor) {
      return tree_first(symmetries_, place, tensor);
    };
    table.addmm_(rows(a_.at(place.tensor)), rows(moved).t(), 1, scale_.at(place.tensor));
  }
  return table;
}

bool WeightObjective::is_settled(const UsePlace& place,
                                 const std::set<std::string>& settled) const {
  const std::vector<std::string> own = tree_axes(symmetries_, place);
  for (const Concatenation& dimension : without(symmetries_, place)) {
    for (const Product& product : dimension) {
      for (const AxisUse& use : product) {
        const bool known = use.role == Role::inert || settled.contains(use.axis) ||
                           std::find(own.begin(), own.end(), use.axis) != own.end();
        if (!known) return false;
      }
    }
  }
  return true;
}

// Weight of a benefit relative to tensors: text gets as many votes as all tensors with the axis
// together, where each unit contributes at most 1.
double WeightObjective::benefit_weight(const std::vector<std::string>& axes) const {
  double votes = 0;
  for (const UsePlace& place : uses_of(symmetries_, axes.back())) votes += votes_.at(place.tensor);
  return votes / static_cast<double>(units_on(axes));
}

std::int64_t WeightObjective::units_on(const std::vector<std::string>& axes) const {
  std::int64_t units = 1;
  for (const std::string& axis : axes) units *= symmetries_.axis(axis).size;
  return units;
}

}  // namespace braid
