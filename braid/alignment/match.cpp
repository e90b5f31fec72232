#include "braid/alignment/match.h"

#include <chrono>
#include <mutex>

#include "braid/alignment/assignment.h"
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
  const Moments* inner = nullptr;  // queries and keys, when they get permutations of their own
  std::string name;                // of the tap
};

at::Tensor scores(const Moments& moments, bool absolute) {
  at::Tensor rho = correlation(moments);
  return (absolute ? rho.abs() : rho).contiguous();
}

Assignment solve(const at::Tensor& benefit) {
  const at::Tensor matrix = benefit.contiguous();
  const std::span<const double> values(matrix.data_ptr<double>(),
                                       static_cast<std::size_t>(matrix.numel()));
  return solve_assignment(values, matrix.size(0));
}

AxisMatch match_axis(const at::Tensor& rho) {
  const Assignment assignment = solve(rho);
  AxisMatch match;
  match.element = {Permutation{assignment.indices}};
  match.objective = assignment.objective;
  match.identity = rho.diagonal().sum().item<double>();
  match.units = rho.size(0);
  return match;
}

// Head-Perm: the value of the best inner assignment of every pair of blocks, then the best pairing
// of blocks (Verma & Elbayad section 3.2). `rho` is (blocks, units, blocks, units).
struct NestedMatch {
  AxisMatch outer, inner;
};

NestedMatch match_nested(const at::Tensor& rho, bool monotonic) {
  const std::int64_t blocks = rho.size(0), units = rho.size(1);
  const auto pair = [&](std::int64_t j, std::int64_t k) { return rho.select(2, k).select(0, j); };
  at::Tensor value = at::zeros({blocks, blocks}, at::kDouble);
  std::vector<Assignment> solved(static_cast<std::size_t>(blocks * blocks));
  for (std::int64_t j = 0; j < blocks; ++j) {
    for (std::int64_t k = 0; k < blocks; ++k) {
      if (monotonic && j != k) continue;
      Assignment& assignment = solved[static_cast<std::size_t>(j * blocks + k)];
      assignment = solve(pair(j, k));
      value[j][k] = assignment.objective;
    }
  }
  NestedMatch match;
  std::vector<std::int64_t> order(static_cast<std::size_t>(blocks));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  if (!monotonic) order = solve(value).indices;
  for (std::int64_t j = 0; j < blocks; ++j) {
    const std::int64_t k = order[static_cast<std::size_t>(j)];
    const Assignment& assignment = solved[static_cast<std::size_t>(j * blocks + k)];
    match.inner.element.push_back(Permutation{assignment.indices});
    match.outer.objective += assignment.objective;
    match.outer.identity += pair(j, j).diagonal().sum().item<double>();
  }
  match.outer.element = {Permutation{order}};
  match.outer.units = match.inner.units = blocks * units;
  match.inner.objective = match.outer.objective;
  match.inner.identity = match.outer.identity;
  return match;
}

// The best inner assignment for blocks that are already paired.
AxisMatch match_inner(const at::Tensor& rho, const std::vector<std::int64_t>& order) {
  AxisMatch match;
  match.units = rho.size(0) * rho.size(1);
  for (std::int64_t j = 0; j < rho.size(0); ++j) {
    const at::Tensor block = rho.select(2, order[static_cast<std::size_t>(j)]).select(0, j);
    const AxisMatch solved = match_axis(block);
    match.element.push_back(solved.element.front());
    match.objective += solved.objective;
    match.identity += rho.select(2, j).select(0, j).diagonal().sum().item<double>();
  }
  return match;
}

Permutation flatten(const AxisMatch& outer, const AxisMatch& inner) {
  const auto& order = std::get<Permutation>(outer.element.front()).indices;
  Permutation flat;
  for (std::size_t j = 0; j < order.size(); ++j) {
    const auto& units = std::get<Permutation>(inner.element[j]).indices;
    for (const std::int64_t unit : units) {
      flat.indices.push_back(order[j] * static_cast<std::int64_t>(units.size()) + unit);
    }
  }
  return flat;
}

// The axis of the table that is repeated for `outer` and is not `inner`: queries and keys.
std::string sibling(const Symmetries& symmetries, const std::string& outer,
                    const std::string& inner) {
  for (const auto& [name, axis] : symmetries.axes) {
    if (axis.per == outer && name != inner) return name;
  }
  return "";
}

struct Solution {
  std::map<std::string, AxisMatch> axes;
  std::map<std::string, Permutation> flat;
};

Solution solve_problem(const Symmetries& symmetries, const Problem& problem,
                       const MatchOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  Solution solution;
  const at::Tensor rho =
      scores(problem.moments.size() == 1 ? *problem.moments.front() : mean_moments(problem.moments),
             options.absolute);
  const std::string& axis = problem.axes.front().axis;
  if (problem.axes.size() == 1) {
    AxisMatch match = match_axis(rho);
    // A tap that lies on another component's axis: the head of a tied decoder.
    match.applied = symmetries.axis(axis).component == problem.component;
    solution.axes[match.applied ? axis : problem.name] = std::move(match);
  } else {
    const std::string& inner = problem.axes.back().axis;
    const std::int64_t units = symmetries.axis(inner).size;
    const auto blocked = [&](const at::Tensor& flat) {
      return flat.unflatten(1, {-1, units}).unflatten(0, {-1, units});
    };
    NestedMatch match = match_nested(blocked(rho), options.heads == Heads::monotonic);
    solution.flat[problem.name] = flatten(match.outer, match.inner);
    const std::string other = sibling(symmetries, axis, inner);
    AxisMatch units_of_products = match.inner;
    if (problem.inner) {
      units_of_products = match_inner(blocked(scores(*problem.inner, options.absolute)),
                                      std::get<Permutation>(match.outer.element.front()).indices);
      solution.flat[axis.substr(0, axis.rfind('.')) + ".query_key"] =
          flatten(match.outer, units_of_products);
    }
    if (!other.empty()) solution.axes[other] = std::move(units_of_products);
    solution.axes[axis] = std::move(match.outer);
    solution.axes[inner] = std::move(match.inner);
  }
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  for (auto& [name, match] : solution.axes) match.seconds = elapsed.count();
  return solution;
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
    if (tap.component == query_key && options.query_key == QueryKey::shared) continue;
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
                const MatchOptions& options, int threads, const Progress& progress) {
  std::vector<Problem> problems;
  std::map<std::string, Moments> query_key_moments;
  for (const std::string& name : taps_to_observe(symmetries, options)) {
    const auto found = moments.find(name);
    require(found != moments.end(),
            "the moments do not hold tap {}, which these options need; observe with the same "
            "--components, --residual and --qk",
            name);
    const Tap& tap = symmetries.tap(name);
    if (tap.component == query_key) {
      // One set of units seen over queries and keys together.
      query_key_moments[tap.axes.front().axis].add(found->second);
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
      problems.push_back({tap.axes, tap.component, {&found->second}, nullptr, name});
    }
  }
  for (Problem& problem : problems) {
    const auto both = query_key_moments.find(problem.axes.front().axis);
    if (problem.axes.size() > 1 && both != query_key_moments.end()) problem.inner = &both->second;
  }

  std::vector<Solution> solutions(problems.size());
  std::mutex mutex;
  std::int64_t done = 0;
  const auto count = static_cast<std::int64_t>(problems.size());
  parallel_for(count, threads, [&](std::int64_t i) {
    const c10::InferenceMode inference;
    const auto k = static_cast<std::size_t>(i);
    solutions[k] = solve_problem(symmetries, problems[k], options);
    const std::lock_guard lock(mutex);
    if (progress) progress("assignments", ++done, count);
  });
  Alignment alignment;
  alignment.family = symmetries.family;
  alignment.ablation = options.ablation();
  alignment.broken = symmetries.broken;
  for (Solution& solution : solutions) {
    alignment.axes.merge(solution.axes);
    alignment.flat.merge(solution.flat);
  }
  return alignment;
}

}  // namespace braid
