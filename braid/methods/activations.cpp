// The method "activations": one assignment problem per observed axis or tree of axes.
#include "braid/methods/activations.h"

#include <algorithm>
#include <chrono>
#include <mutex>

#include "braid/methods/method.h"
#include "braid/parallel.h"
#include "braid/symmetry/axis_tree.h"

namespace braid {
namespace {

using Solution = std::map<std::string, AxisMatch>;

AxisMatch match_of(GroupElement element, double objective, double unaligned, std::int64_t units) {
  AxisMatch match;
  match.element = std::move(element);
  match.objective = objective;
  match.unaligned = unaligned;
  match.units = units;
  return match;
}

Solution solve_axis(const Matching& matching, const Problem& problem) {
  const Axis& axis = matching.symmetries.axis(problem.axes.front());
  const at::Tensor table = axis_table(matching, problem);
  const std::optional<Group> usable = matching.solved_group(axis);
  Solved solved = usable ? solve(*usable, table)
                         : Solved{identity_element(axis.group, axis.size), unaligned(table)};
  AxisMatch match =
      match_of({std::move(solved.element)}, solved.objective, unaligned(table), table.size(0));
  // Measured only if the axis belongs to another component than the tap: the head of a tied decoder
  // is on the residual stream, which it cannot move on its own.
  match.applied = axis.component == problem.component;
  return {{match.applied ? axis.name : problem.tap, std::move(match)}};
}

// Matches heads by their context features, then the units inside each pair of heads.
class HeadMatching {
 public:
  HeadMatching(const Matching& matching, const Problem& problem)
      : matching_(matching), problem_(problem), table_(matching.symmetries) {}

  Solution solve() {
    std::vector<Agreement> agreements;
    for (const auto& [axes, context] : problem_.contexts) {
      agreements.push_back(in_head_table(matching_, axes, context, false));
    }
    TreeSolution heads = solve_tree(table_, problem_.axes.front(), agreements,
                                    [&](const Axis& axis) { return matching_.solved_group(axis); });
    std::size_t k = 0;
    for (const auto& [axes, context] : problem_.contexts) {
      for (const std::string& name : axes) add(name, heads, k, units_on(axes));
      ++k;
    }
    order_ = std::move(heads.element);
    for (const auto& [axes, context] : problem_.contexts) order_.erase(axes.back());
    for (const auto& [axes, context] : problem_.contexts) {
      const std::string& inner = axes.back();
      if (matching_.framed(inner)) map_inside(inner, {{axes, context}});
    }
    for (const auto& [axes, context] : problem_.contexts) {
      const std::string& inner = axes.back();
      for (const std::string& other : children(table_, table_.axis(inner).per)) {
        const bool together = problem_.contexts.size() == 1 || layer_of(other) == layer_of(inner);
        if (together && !solution_.contains(other)) {
          solve_beside(inner, other);
        }
      }
    }
    return std::move(solution_);
  }

 private:
  // Common prefix of the axes of a layer.
  static std::string layer_of(const std::string& axis) { return axis.substr(0, axis.rfind('.')); }

  // Adds the k-th context's result for an axis; heads shared by several layers get the sum.
  void add(const std::string& name, const TreeSolution& found, std::size_t k, std::int64_t units) {
    const auto place = solution_.find(name);
    if (place == solution_.end()) {
      solution_[name] =
          match_of(found.element.at(name), found.objectives[k], found.unaligned[k], units);
      return;
    }
    place->second.objective += found.objectives[k];
    place->second.unaligned += found.unaligned[k];
    place->second.units += units;
  }

  // Queries and keys: by their own taps, or like the values.
  void solve_beside(const std::string& inner, const std::string& other) {
    const auto taps = problem_.query_key.find(other);
    if (taps != problem_.query_key.end()) return map_inside(other, taps->second);
    const bool same = matching_.solved_group(table_.axis(inner)) == Group::permutation &&
                      matching_.solved_group(table_.axis(other)) == Group::permutation;
    const bool as_many = table_.axis(inner).size == table_.axis(other).size;
    if (same && as_many) solution_[other] = solution_.at(inner);
  }

  // The maps inside heads, after these are paired.
  void map_inside(const std::string& name, const TapsByAxes& taps) {
    std::vector<Agreement> paired;
    double unaligned_sum = 0;
    std::int64_t units = 0;
    for (const auto& [axes, seen] : taps) {
      const Agreement agreement = in_head_table(matching_, axes, seen, true);
      units = std::max(units, units_on(axes));
      const at::Tensor flat = agreement.benefit.reshape({units_on(axes), -1});
      unaligned_sum += unaligned(flat);
      Product product;
      for (const std::string& axis : axes) product.push_back({axis, Role::vector});
      const Pattern pattern = {{{{"", Role::inert, flat.size(0)}}}, {product}};
      paired.push_back(
          Agreement::of(table_, axes, transform_tensor(table_, pattern, flat, order_)));
    }
    TreeSolution inside = solve_tree(table_, root_of(table_, name), paired,
                                     [&](const Axis& axis) -> std::optional<Group> {
                                       if (axis.name != name) return std::nullopt;
                                       return matching_.solved_group(axis);
                                     });
    double objective = 0;
    for (const double part : inside.objectives) objective += part;
    GroupElement maps = std::move(inside.element.at(name));
    if (const Frames* frames = matching_.framed(name)) {
      maps = out_of_frames(maps, block_order(table_, name, order_), *frames);
    }
    solution_[name] = match_of(std::move(maps), objective, unaligned_sum, units);
  }

  std::int64_t units_on(const std::vector<std::string>& axes) const {
    std::int64_t units = 1;
    for (const std::string& axis : axes) units *= table_.axis(axis).size;
    return units;
  }

  const Matching& matching_;
  const Problem& problem_;
  const Symmetries& table_;
  Solution solution_;
  Transform order_;  // of the heads: every axis of the problem except the innermost
};

Solution solve_problem(const Matching& matching, const Problem& problem) {
  const auto start = std::chrono::steady_clock::now();
  Solution solution =
      problem.is_tree() ? HeadMatching(matching, problem).solve() : solve_axis(matching, problem);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  for (auto& [name, match] : solution) match.seconds = elapsed.count();
  return solution;
}

Alignment find(const Model& a, const Model& b, const Evidence& evidence,
               const MethodOptions& options, const Compute& compute, const Progress& progress) {
  return match(make_matching(a, b, options.match), evidence.moments, compute, progress);
}

}  // namespace

Alignment match(const Matching& matching, const MomentsByTap& moments, const Compute& compute,
                const Progress& progress) {
  const std::vector<Problem> problems = find_problems(matching, moments);
  std::vector<Solution> solutions(problems.size());
  std::mutex mutex;
  std::int64_t done = 0;
  const auto count = static_cast<std::int64_t>(problems.size());
  parallel_for(count, compute.threads, [&](std::int64_t i) {
    const c10::InferenceMode inference;
    const auto k = static_cast<std::size_t>(i);
    solutions[k] = solve_problem(matching, problems[k]);
    const std::lock_guard lock(mutex);
    if (progress) progress("assignments", ++done, count);
  });
  Alignment alignment;
  alignment.ablation = matching.options.ablation();
  for (Solution& solution : solutions) alignment.axes.merge(solution);
  fill_from_table(matching.symmetries, alignment);
  return alignment;
}

const Method& activations() {
  static const Method method{"activations",
                             "Verma & Elbayad, TMLR 2024, arXiv 2403.00986",
                             "match units whose features correlate on a text",
                             {.moments = true},
                             find};
  return method;
}

}  // namespace braid
