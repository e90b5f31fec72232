#include "braid/alignment/match.h"

#include <chrono>
#include <mutex>

#include "braid/alignment/solver.h"
#include "braid/error.h"
#include "braid/parallel.h"

namespace braid {
namespace {

// Component of the taps that only `--qk separate` reads: units inside a head, as queries and keys.
constexpr const char* query_key = "query_key";

// Taps that one assignment problem reads.
struct Problem {
  Product axes;
  std::string component;
  std::vector<const Moments*> moments;
  // Units inside heads as queries and as keys, when they get maps of their own.
  std::vector<std::pair<Role, const Moments*>> query_key;
  std::string name;  // of the tap
};

at::Tensor scores(const Moments& moments, bool absolute) {
  at::Tensor rho = correlation(moments);
  return (absolute ? rho.abs() : rho).contiguous();
}

at::Tensor blocked(const at::Tensor& flat, std::int64_t units) {
  return flat.unflatten(1, {-1, units}).unflatten(0, {-1, units});
}

// For maps that mix units: covariances (blocks, n, blocks, n), each pair of blocks relative to the
// whole of their variances, n where they agree perfectly.
at::Tensor block_covariance(const Moments& moments, std::int64_t units) {
  const auto scale = [&](const at::Tensor& square) {
    return square.view({-1, units}).sum(1).clamp_min(1e-300).sqrt();
  };
  const at::Tensor sizes = at::outer(scale(moments.square_a), scale(moments.square_b));
  return blocked(moments.cross, units) / sizes.unsqueeze(1).unsqueeze(3) *
         static_cast<double>(units);
}

// What matching units inside blocks is worth, seen at some taps, between framed units if framed.
at::Tensor in_head_table(const std::vector<std::pair<Role, const Moments*>>& taps,
                         std::int64_t units, const MatchOptions& options, const Frames* frames) {
  if (options.in_head == InHead::permutation) {
    Moments together;  // one set of units, seen over all taps
    for (const auto& [role, moments] : taps) together.add(*moments);
    return blocked(scores(together, options.absolute), units);
  }
  at::Tensor sum;
  for (const auto& [role, moments] : taps) {
    at::Tensor table = block_covariance(*moments, units);
    if (frames) {
      const at::Tensor framed = into_frames(table, role, *frames);
      table = framed * (table.norm() / framed.norm().clamp_min(1e-300));
    }
    sum = sum.defined() ? sum + table : table;
  }
  return sum / static_cast<double>(taps.size());
}

// The axis of the table that is repeated for `outer` and is not `inner`: queries and keys.
std::string sibling(const Symmetries& symmetries, const std::string& outer,
                    const std::string& inner) {
  for (const auto& [name, axis] : symmetries.axes) {
    if (axis.per == outer && name != inner) return name;
  }
  return "";
}

const Frames* find(const std::map<std::string, Frames>& frames, const std::string& axis,
                   const MatchOptions& options) {
  if (options.in_head != InHead::general) return nullptr;
  const auto found = frames.find(axis);
  if (found == frames.end()) throw std::invalid_argument("no frames of axis " + axis);
  return &found->second;
}

// The paper's permutations, even where signs are free; larger groups in full.
Group matched_group(const Axis& axis) {
  return axis.group > Group::signed_permutation ? axis.group : Group::permutation;
}

// What matching an axis's units is worth: correlations, or covariances where units mix.
at::Tensor axis_table(const Axis& axis, const Moments& moments, bool absolute) {
  if (axis.group <= Group::signed_permutation) return scores(moments, absolute);
  return block_covariance(moments, axis.size).select(2, 0).select(0, 0);
}

AxisMatch match_axis(Group group, const at::Tensor& rho) {
  Solved solved = solve(group, rho);
  AxisMatch match;
  match.element = {std::move(solved.element)};
  match.objective = solved.objective;
  match.identity = unaligned(rho);
  match.units = rho.size(0);
  return match;
}

using Solution = std::map<std::string, AxisMatch>;

// A tap on blocks of units: heads by their context features, then the units inside them.
Solution solve_heads(const Symmetries& symmetries, const Problem& problem,
                     const MatchOptions& options, const std::map<std::string, Frames>& frames) {
  const std::string &axis = problem.axes.front().axis, &inner = problem.axes.back().axis;
  const std::int64_t blocks = symmetries.axis(axis).size, units = symmetries.axis(inner).size;
  const bool mixes = options.in_head != InHead::permutation;
  const Group group = mixes ? Group::orthogonal : Group::permutation;
  const std::pair context{Role::vector, problem.moments.front()};
  const at::Tensor table = in_head_table({context}, units, options, nullptr);
  NestedSolution nested = solve_nested(group, {table}, options.heads == Heads::monotonic);
  const auto match_of = [&](GroupElement element, double objective, double identity) {
    AxisMatch match;
    match.element = std::move(element);
    match.objective = objective;
    match.identity = identity;
    match.units = blocks * units;
    return match;
  };
  // The maps inside heads that are paired already, as `taps` see them.
  const auto map_inside = [&](const std::string& name,
                              const std::vector<std::pair<Role, const Moments*>>& taps) {
    const Frames* framed = find(frames, name, options);
    at::Tensor paired = in_head_table(taps, units, options, framed);
    const double identity = unaligned(paired.reshape({blocks * units, -1}));
    paired = paired.index_select(2, at::tensor(nested.order, at::kLong));
    NestedSolution inside = solve_nested(group, {paired}, true);
    if (framed) inside.inner[0] = out_of_frames(inside.inner[0], nested.order, *framed);
    return match_of(std::move(inside.inner[0]), inside.objectives[0], identity);
  };
  Solution solution;
  solution[axis] =
      match_of({Permutation{nested.order}}, nested.objectives[0], nested.identities[0]);
  const bool framed = options.in_head == InHead::general;
  solution[inner] =
      framed ? map_inside(inner, {context})
             : match_of(std::move(nested.inner[0]), nested.objectives[0], nested.identities[0]);
  const std::string other = sibling(symmetries, axis, inner);
  if (!other.empty()) {
    solution[other] =
        problem.query_key.empty() ? solution[inner] : map_inside(other, problem.query_key);
  }
  return solution;
}

Solution solve_problem(const Symmetries& symmetries, const Problem& problem,
                       const MatchOptions& options, const std::map<std::string, Frames>& frames) {
  const auto start = std::chrono::steady_clock::now();
  Solution solution;
  if (problem.axes.size() == 1) {
    const Axis& axis = symmetries.axis(problem.axes.front().axis);
    const Moments moments =
        problem.moments.size() == 1 ? *problem.moments.front() : mean_moments(problem.moments);
    AxisMatch match = match_axis(matched_group(axis), axis_table(axis, moments, options.absolute));
    // A tap that lies on another component's axis: the head of a tied decoder.
    match.applied = axis.component == problem.component;
    solution[match.applied ? axis.name : problem.name] = std::move(match);
  } else {
    solution = solve_heads(symmetries, problem, options, frames);
  }
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  for (auto& [name, match] : solution) match.seconds = elapsed.count();
  return solution;
}

// The problems that the taps pose, in the table's order.
std::vector<Problem> pose(const Symmetries& symmetries, const MomentsByTap& moments,
                          const MatchOptions& options) {
  std::vector<Problem> problems;
  std::map<std::string, std::vector<std::pair<Role, const Moments*>>> query_key_taps;
  for (const std::string& name : taps_to_observe(symmetries, options)) {
    const auto found = moments.find(name);
    require(found != moments.end(),
            "the moments do not hold tap {}, which these options need; observe with the same "
            "--components, --residual, --qk and --in-head",
            name);
    const Tap& tap = symmetries.tap(name);
    if (tap.component == query_key) {
      query_key_taps[tap.axes.front().axis].emplace_back(tap.axes.back().role, &found->second);
      continue;
    }
    // Taps on one axis are one problem: the residual stream seen at every norm.
    Problem* shared = nullptr;
    for (Problem& problem : problems) {
      const bool same = problem.component == tap.component && problem.axes.size() == 1 &&
                        tap.axes.size() == 1 && problem.axes.front().axis == tap.axes.front().axis;
      if (same) shared = &problem;
    }
    if (shared) {
      shared->moments.push_back(&found->second);
    } else {
      problems.push_back({tap.axes, tap.component, {&found->second}, {}, name});
    }
  }
  for (Problem& problem : problems) {
    if (problem.axes.size() > 1) problem.query_key = query_key_taps[problem.axes.front().axis];
  }
  return problems;
}

}  // namespace

std::vector<std::string> taps_to_observe(const Symmetries& symmetries,
                                         const MatchOptions& options) {
  std::vector<std::string> taps;
  std::set<std::string> met;
  std::string last_residual;
  for (const Tap& tap : symmetries.taps) {
    const bool attention = tap.component == "attention" || tap.component == query_key;
    if (!options.components.contains(attention ? "attention" : tap.component)) continue;
    const bool shared = options.query_key == QueryKey::shared;
    if (tap.component == query_key && shared && options.in_head == InHead::permutation) continue;
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

Alignment match(const Symmetries& symmetries, const MomentsByTap& moments,
                const MatchOptions& options, int threads, const Progress& progress,
                const std::map<std::string, Frames>& frames) {
  const std::vector<Problem> problems = pose(symmetries, moments, options);
  std::vector<Solution> solutions(problems.size());
  std::mutex mutex;
  std::int64_t done = 0;
  const auto count = static_cast<std::int64_t>(problems.size());
  parallel_for(count, threads, [&](std::int64_t i) {
    const c10::InferenceMode inference;
    const auto k = static_cast<std::size_t>(i);
    solutions[k] = solve_problem(symmetries, problems[k], options, frames);
    const std::lock_guard lock(mutex);
    if (progress) progress("assignments", ++done, count);
  });
  Alignment alignment;
  alignment.family = symmetries.family;
  alignment.ablation = options.ablation();
  alignment.broken = symmetries.broken;
  for (Solution& solution : solutions) alignment.axes.merge(solution);
  add_flat_views(symmetries, alignment);
  return alignment;
}

Benefits activation_benefits(const Symmetries& symmetries, const MomentsByTap& moments,
                             const MatchOptions& options,
                             const std::map<std::string, Frames>& frames) {
  const c10::InferenceMode inference;
  Benefits benefits;
  for (const Problem& problem : pose(symmetries, moments, options)) {
    const std::string &axis = problem.axes.front().axis, &inner = problem.axes.back().axis;
    if (problem.axes.size() == 1) {
      if (symmetries.axis(axis).component != problem.component) continue;
      benefits[axis] = axis_table(
          symmetries.axis(axis),
          problem.moments.size() == 1 ? *problem.moments.front() : mean_moments(problem.moments),
          options.absolute);
      continue;
    }
    const std::int64_t units = symmetries.axis(inner).size;
    benefits[inner] = in_head_table({{Role::vector, problem.moments.front()}}, units, options,
                                    find(frames, inner, options));
    const std::string other = sibling(symmetries, axis, inner);
    if (other.empty() || problem.query_key.empty()) continue;
    benefits[other] =
        in_head_table(problem.query_key, units, options, find(frames, other, options));
  }
  return benefits;
}

}  // namespace braid
