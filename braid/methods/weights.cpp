// The method "weights": coordinate ascent from several starts.
#include "braid/methods/weights.h"

#include <algorithm>
#include <chrono>
#include <numeric>

#include "braid/error.h"
#include "braid/methods/method.h"
#include "braid/parallel.h"
#include "braid/symmetry/axis_tree.h"

namespace braid {
namespace {

// The unit of one step: a root axis with all axes below it.
struct Tree {
  std::string root;
  std::set<std::string> axes, tensors;
};

// Elements of axes, and their scores.
struct Step {
  Transform element;
  std::map<std::string, AxisMatch> matches;  // without their elements
};

struct State {
  Step at;
  double objective = 0;
};

class Ascent {
 public:
  Ascent(const Matching& matching, const WeightObjective& objective, int threads)
      : matching_(matching), objective_(objective), threads_(threads) {
    find_trees();
  }

  std::size_t trees() const { return trees_.size(); }

  // Git Re-Basin's loop. First solves trees in this order, each by tensors whose other axes are
  // already solved; then repeatedly all of them while the sum rises.
  State climb(const std::vector<std::size_t>& order, std::int64_t rounds) const {
    constexpr double least_rise =
        1e-6;  // relative, per round: the long tail does not affect losses
    State state;
    std::set<std::string> met = still_;
    for (const std::size_t i : order) {
      take(state.at, best(trees_[i], state.at.element, met));
      met.insert(trees_[i].axes.begin(), trees_[i].axes.end());
    }
    state.objective = objective_(state.at.element);
    for (std::int64_t round = 0; round < rounds; ++round) {
      Step next = state.at;
      update_all(next);
      const double before = state.objective, after = objective_(next.element);
      // The sum may fall if a tensor has an axis twice.
      if (after < before) break;
      state.at = std::move(next);
      state.objective = after;
      if (after <= before + least_rise * std::abs(before)) break;
    }
    return state;
  }

 private:
  // Root axes, sorted by number of tensors, most first: the residual stream.
  void find_trees() {
    const Symmetries& symmetries = matching_.symmetries;
    for (const auto& [name, axis] : symmetries.axes) {
      const Axis& root = symmetries.axis(root_of(symmetries, name));
      if (!matching_.options.components.contains(root.component)) still_.insert(name);
      if (still_.contains(name) || !axis.per.empty()) continue;
      Tree tree{name, {}, {}};
      for (const auto& [other, inner] : symmetries.axes) {
        if (root_of(symmetries, other) == name) tree.axes.insert(other);
      }
      for (const UsePlace& place : uses_of(symmetries, name)) tree.tensors.insert(place.tensor);
      trees_.push_back(std::move(tree));
    }
    std::stable_sort(trees_.begin(), trees_.end(), [](const Tree& x, const Tree& y) {
      return x.tensors.size() > y.tensors.size();
    });
    for (const auto& [name, axis] : symmetries.axes) all_.insert(name);
  }

  // The best elements of a tree, all other axes as in `element`.
  Step best(const Tree& tree, const Transform& element, const std::set<std::string>& met) const {
    const auto start = std::chrono::steady_clock::now();
    const std::vector<Agreement> agreements = objective_.agreements(tree.root, element, met);
    TreeSolution solution =
        solve_tree(matching_.symmetries, tree.root, agreements,
                   [&](const Axis& axis) { return matching_.solved_group(axis); });
    Step step{std::move(solution.element), {}};
    for (std::size_t t = 0; t < agreements.size(); ++t) {
      const at::Tensor& benefit = agreements[t].benefit;
      for (const std::string& name : agreements[t].axes) {
        AxisMatch& match = step.matches[name];
        match.objective += solution.objectives[t];
        match.unaligned += solution.unaligned[t];
        std::int64_t units = 1;
        for (std::int64_t d = 0; d < benefit.dim() / 2; ++d) units *= benefit.size(d);
        match.units = std::max(match.units, units);
      }
    }
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    for (auto& [name, match] : step.matches) match.seconds = elapsed.count();
    return step;
  }

  static void take(Step& at, Step step) {
    for (auto& [name, element] : step.element) at.element[name] = std::move(element);
    for (auto& [name, match] : step.matches) {
      match.seconds += at.matches[name].seconds;
      at.matches[name] = std::move(match);
    }
  }

  // Trees that share no tensor are independent and solved in parallel.
  void update_all(Step& at) const {
    std::vector<const Tree*> batch;
    std::set<std::string> touched;
    const auto flush = [&] {
      std::vector<Step> steps(batch.size());
      parallel_for(std::ssize(batch), threads_, [&](std::int64_t i) {
        const c10::InferenceMode inference;
        const auto k = static_cast<std::size_t>(i);
        steps[k] = best(*batch[k], at.element, all_);
      });
      for (Step& step : steps) take(at, std::move(step));
      batch.clear();
      touched.clear();
    };
    for (const Tree& tree : trees_) {
      const bool apart = std::none_of(tree.tensors.begin(), tree.tensors.end(),
                                      [&](const auto& tensor) { return touched.contains(tensor); });
      if (!apart) flush();
      batch.push_back(&tree);
      touched.insert(tree.tensors.begin(), tree.tensors.end());
    }
    flush();
  }

  const Matching& matching_;
  const WeightObjective& objective_;
  int threads_;
  std::vector<Tree> trees_;
  std::set<std::string> still_, all_;  // axes not to be moved; all axes
};

// The best of several orders; the first starts with the residual stream.
State best_of_starts(const Ascent& ascent, const WeightOptions& options, const Progress& progress) {
  std::vector<std::size_t> order(ascent.trees());
  std::iota(order.begin(), order.end(), std::size_t{0});
  Random random(options.seed);
  State best;
  for (std::int64_t start = 0; start < options.starts; ++start) {
    if (start > 0) {
      const auto shuffled = random.permutation(std::ssize(order));
      std::transform(shuffled.begin(), shuffled.end(), order.begin(),
                     [](std::int64_t i) { return static_cast<std::size_t>(i); });
    }
    State end = ascent.climb(order, options.rounds);
    if (start == 0 || end.objective > best.objective) best = std::move(end);
    if (progress) progress("starts", start + 1, options.starts);
  }
  return best;
}

Alignment find(const Model& a, const Model& b, const Evidence&, const MethodOptions& options,
               const Compute& compute, const Progress& progress) {
  return match_weights(make_matching(a, b, options.match), a.parameters, b.parameters, {},
                       options.weights, compute, progress);
}

}  // namespace

Alignment match_weights(const Matching& matching, const Tensors& a, const Tensors& b,
                        const Benefits& benefits, const WeightOptions& options,
                        const Compute& compute, const Progress& progress) {
  const Symmetries& symmetries = matching.symmetries;
  const MatchOptions& match = matching.options;
  require(symmetries.broken.empty(), "weights can only be matched by symmetries, but {}",
          symmetries.broken);
  require(match.components.empty() || match.in_head == InHead::permutation ||
              moves_inside(symmetries, match.components),
          "`in-head` maps move units inside heads; add attention to `components`");
  require(options.starts > 0, "`starts` is {}, expected at least 1", options.starts);
  const OneThread here;
  const c10::InferenceMode inference;
  Tensors wide_a = cast(a, at::kDouble), wide_b = cast(b, at::kDouble);
  if (match.in_head == InHead::general) {
    Transform of_a, of_b;
    for (const auto& [name, frame] : matching.frames) {
      of_a[name] = frame.a;
      of_b[name] = frame.b;
    }
    wide_a = transform_parameters(symmetries, wide_a, of_a);
    wide_b = transform_parameters(symmetries, wide_b, of_b);
  }
  const WeightObjective objective(symmetries, std::move(wide_a), std::move(wide_b), benefits);
  const Ascent ascent(matching, objective, compute.threads);
  State end = best_of_starts(ascent, options, progress);
  Alignment alignment;
  alignment.ablation = match.ablation();
  alignment.axes = std::move(end.at.matches);
  for (auto& [name, found] : alignment.axes) {
    found.element = end.at.element.at(name);
    if (const Frames* frames = matching.framed(name)) {
      const auto order = block_order(symmetries, name, end.at.element);
      found.element = out_of_frames(found.element, order, *frames);
    }
  }
  fill_from_table(symmetries, alignment);
  return alignment;
}

const Method& weights() {
  static const Method method{"weights",
                             "Ainsworth et al. 2023, arXiv 2209.04836",
                             "match weights that agree; needs no text",
                             {},
                             find};
  return method;
}

}  // namespace braid
