#include "braid/methods/matching.h"

#include <algorithm>

#include "braid/error.h"
#include "braid/symmetry/axis_tree.h"

namespace braid {
namespace {

at::Tensor scores(const Moments& moments, bool absolute) {
  at::Tensor rho = correlation(moments);
  return (absolute ? rho.abs() : rho).contiguous();
}

at::Tensor blocked(const at::Tensor& flat, std::int64_t units) {
  return flat.unflatten(1, {-1, units}).unflatten(0, {-1, units});
}

// For maps that mix units: covariances (blocks, n, blocks, n), each pair of blocks normalised by
// its total variances; n for perfect agreement.
at::Tensor block_covariance(const Moments& moments, std::int64_t units) {
  const auto scale = [&](const at::Tensor& square) {
    return square.view({-1, units}).sum(1).clamp_min(1e-300).sqrt();
  };
  const at::Tensor sizes = at::outer(scale(moments.square_a), scale(moments.square_b));
  return blocked(moments.cross, units) / sizes.unsqueeze(1).unsqueeze(3) *
         static_cast<double>(units);
}

// For each block of the product's other axes, the index of the last axis's block that it is in.
std::vector<std::int64_t> owners(const Symmetries& symmetries,
                                 const std::vector<std::string>& axes) {
  const std::vector<std::string> over = ancestors(symmetries, axes.back());
  std::vector<std::int64_t> owners = {0};
  for (std::size_t k = 0; k + 1 < axes.size(); ++k) {
    const bool counts = std::find(over.begin(), over.end(), axes[k]) != over.end();
    const std::int64_t size = symmetries.axis(axes[k]).size;
    std::vector<std::int64_t> finer;
    for (const std::int64_t owner : owners) {
      for (std::int64_t i = 0; i < size; ++i) finer.push_back(counts ? owner * size + i : owner);
    }
    owners = std::move(finer);
  }
  return owners;
}

std::vector<std::string> names(const Product& product) {
  std::vector<std::string> axes;
  for (const AxisUse& use : product) axes.push_back(use.axis);
  return axes;
}

}  // namespace

std::optional<Group> Matching::solved_group(const Axis& axis) const {
  const std::optional<Group> group = usable_group(axis, options);
  return group == Group::general ? Group::orthogonal : group;
}

const Frames* Matching::framed(const std::string& axis) const {
  if (options.in_head != InHead::general) return nullptr;
  const auto found = frames.find(axis);
  return found == frames.end() ? nullptr : &found->second;
}

Matching make_matching(const Model& a, const Model& b, const MatchOptions& options) {
  Matching matching{table_of(a, options.ablation()), options, {}};
  if (options.in_head == InHead::general) {
    const c10::InferenceMode inference;
    matching.frames = find_frames(matching.symmetries, a.parameters, b.parameters);
  }
  return matching;
}

std::vector<Problem> find_problems(const Matching& matching, const MomentsByTap& moments) {
  const Symmetries& symmetries = matching.symmetries;
  std::vector<Problem> problems;
  std::map<std::string, std::map<std::string, TapsByAxes>> query_key;  // by root of the tree
  for (const std::string& name : taps_to_observe(symmetries, matching.options)) {
    const auto found = moments.find(name);
    require(found != moments.end(),
            "the moments lack tap {}, required by these options; observe with the same "
            "`components`, `residual`, `qk` and `in-head`",
            name);
    const Tap& tap = symmetries.tap(name);
    const std::vector<std::string> axes = names(tap.axes);
    if (tap.component == query_key_component) {
      query_key[axes.front()][axes.back()][axes].emplace_back(tap.axes.back().role, &found->second);
      continue;
    }
    // Taps on the same axis or tree are one problem, e.g. the residual stream at every norm.
    Problem* shared = nullptr;
    for (Problem& problem : problems) {
      const bool same = problem.component == tap.component &&
                        problem.is_tree() == (axes.size() > 1) &&
                        problem.axes.front() == axes.front();
      if (same) shared = &problem;
    }
    if (!shared) shared = &problems.emplace_back(Problem{axes, tap.component, name, {}, {}, {}});
    if (shared->is_tree()) {
      shared->contexts[axes].emplace_back(tap.axes.back().role, &found->second);
    } else {
      shared->moments.push_back(&found->second);
    }
  }
  for (Problem& problem : problems) {
    if (problem.is_tree()) problem.query_key = query_key[problem.axes.front()];
  }
  return problems;
}

at::Tensor axis_table(const Matching& matching, const Problem& problem) {
  const Axis& axis = matching.symmetries.axis(problem.axes.front());
  const Moments moments =
      problem.moments.size() == 1 ? *problem.moments.front() : mean_moments(problem.moments);
  if (reorders(axis.group)) return scores(moments, matching.options.absolute);
  return block_covariance(moments, axis.size).select(2, 0).select(0, 0);
}

Agreement in_head_table(const Matching& matching, const std::vector<std::string>& axes,
                        const std::vector<SeenAs>& taps, bool framed) {
  const Symmetries& symmetries = matching.symmetries;
  const Axis& inner = symmetries.axis(axes.back());
  const std::optional<Group> usable = usable_group(inner, matching.options);
  if (!usable || reorders(*usable)) {
    Moments together;  // the same units at all taps
    for (const auto& [role, moments] : taps) together.add(*moments);
    return Agreement::of(symmetries, axes, scores(together, matching.options.absolute));
  }
  const Frames* frames = framed ? matching.framed(inner.name) : nullptr;
  at::Tensor sum;
  for (const auto& [role, moments] : taps) {
    at::Tensor table = block_covariance(*moments, inner.size);
    if (frames) {
      const at::Tensor moved = into_frames(table, role, *frames, owners(symmetries, axes));
      table = moved * (table.norm() / moved.norm().clamp_min(1e-300));
    }
    sum = sum.defined() ? sum + table : table;
  }
  const std::int64_t rows = sum.size(0) * sum.size(1);
  return Agreement::of(symmetries, axes,
                       (sum / static_cast<double>(taps.size())).reshape({rows, rows}));
}

}  // namespace braid
