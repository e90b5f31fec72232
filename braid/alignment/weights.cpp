#include "braid/alignment/weights.h"

#include <algorithm>
#include <chrono>

#include "braid/alignment/in_head.h"
#include "braid/alignment/solver.h"
#include "braid/error.h"
#include "braid/models/model.h"
#include "braid/parallel.h"

namespace braid {
namespace {

// What is solved at once: an axis, or blocks and the units inside them.
struct Unknown {
  std::string axis;
  std::vector<std::string> inner;
  std::set<std::string> tensors;
};

class Ascent {
 public:
  Ascent(const Symmetries& symmetries, Tensors a, Tensors b, const MatchOptions& match,
         const Benefits& benefits, int threads)
      : symmetries_(symmetries),
        a_(std::move(a)),
        b_(std::move(b)),
        match_(match),
        benefits_(benefits),
        threads_(threads) {
    for (const auto& [name, tensor] : a_) {
      const double norms = tensor.norm().item<double>() * b_.at(name).norm().item<double>();
      votes_[name] = std::sqrt(static_cast<double>(tensor.numel()));
      scale_[name] = norms > 0 ? votes_[name] / norms : 0;
    }
    for (const auto& [name, axis] : symmetries.axes) {
      if (!axis.per.empty() || !match.components.contains(axis.component)) continue;
      Unknown unknown{name, {}, {}};
      for (const auto& [other, inner] : symmetries.axes) {
        if (inner.per == name) unknown.inner.push_back(other);
      }
      for (const UsePlace& place : uses_of(symmetries, name)) unknown.tensors.insert(place.tensor);
      unknowns_.push_back(std::move(unknown));
    }
    // The axis that most tensors carry first: the residual stream.
    std::stable_sort(unknowns_.begin(), unknowns_.end(), [](const Unknown& x, const Unknown& y) {
      return x.tensors.size() > y.tensors.size();
    });
  }

  struct End {
    Transform element;
    std::map<std::string, AxisMatch> matches;
    double objective = 0;
    std::int64_t rounds = 0;
  };

  // Meets the axes in the given order for the first time, each by the tensors whose other axes are
  // settled already; then goes round.
  End climb(const std::vector<std::size_t>& order, std::int64_t rounds) {
    // Of the sum, in a round: the tail is long and moves no loss.
    constexpr double least_rise = 1e-6;
    element_.clear();
    matches_.clear();
    settled_.clear();
    for (const auto& [name, axis] : symmetries_.axes) {
      const std::string& outer = axis.per.empty() ? name : axis.per;
      const bool moves = std::any_of(unknowns_.begin(), unknowns_.end(),
                                     [&](const Unknown& u) { return u.axis == outer; });
      if (!moves) settled_.insert(name);
    }
    for (const std::size_t i : order) {
      update(unknowns_[i]);
      settled_.insert(unknowns_[i].axis);
      settled_.insert(unknowns_[i].inner.begin(), unknowns_[i].inner.end());
    }
    End end;
    double before = objective();
    for (; end.rounds < rounds; ++end.rounds) {
      const Transform kept = element_;
      const auto kept_matches = matches_;
      update_in_batches();
      const double after = objective();
      if (after <= before + least_rise * std::abs(before)) {
        // A tensor that carries an axis twice can make a step that is best on its own a loss.
        if (after < before) {
          element_ = kept;
          matches_ = kept_matches;
        }
        break;
      }
      before = after;
    }
    end.element = element_;
    end.matches = matches_;
    end.objective = before;
    return end;
  }

  std::size_t size() const { return unknowns_.size(); }

 private:
  // Axes that share no tensor do not see each other: they are updated side by side.
  void update_in_batches() {
    std::vector<const Unknown*> batch;
    std::set<std::string> met;
    const auto flush = [&] {
      std::vector<Transform> found(batch.size());
      std::vector<std::map<std::string, AxisMatch>> matches(batch.size());
      parallel_for(static_cast<std::int64_t>(batch.size()), threads_, [&](std::int64_t i) {
        const c10::InferenceMode inference;
        const auto k = static_cast<std::size_t>(i);
        std::tie(found[k], matches[k]) = best(*batch[k]);
      });
      for (std::size_t k = 0; k < batch.size(); ++k)
        take(std::move(found[k]), std::move(matches[k]));
      batch.clear();
      met.clear();
    };
    for (const Unknown& unknown : unknowns_) {
      const bool apart = std::none_of(unknown.tensors.begin(), unknown.tensors.end(),
                                      [&](const std::string& t) { return met.contains(t); });
      if (!apart) flush();
      batch.push_back(&unknown);
      met.insert(unknown.tensors.begin(), unknown.tensors.end());
    }
    flush();
  }

  void take(Transform found, std::map<std::string, AxisMatch> matches) {
    for (auto& [name, element] : found) element_[name] = std::move(element);
    for (auto& [name, match] : matches) {
      match.seconds += matches_[name].seconds;
      matches_[name] = std::move(match);
    }
  }

  void update(const Unknown& unknown) {
    auto [found, matches] = best(unknown);
    take(std::move(found), std::move(matches));
  }

  std::pair<Transform, std::map<std::string, AxisMatch>> best(const Unknown& unknown) const {
    const auto start = std::chrono::steady_clock::now();
    Transform found;
    std::map<std::string, AxisMatch> matches;
    const Axis& axis = symmetries_.axis(unknown.axis);
    if (unknown.inner.empty()) {
      const at::Tensor table = benefit(unknown.axis);
      Solved solved = solve(axis.group, table);
      AxisMatch& match = matches[unknown.axis];
      match.objective = solved.objective;
      match.identity = unaligned(table);
      match.units = axis.size;
      match.element = found[unknown.axis] = {std::move(solved.element)};
    } else {
      std::vector<at::Tensor> tables;
      for (const std::string& inner : unknown.inner) tables.push_back(benefit(inner));
      NestedSolution nested = solve_nested(
          match_.in_head == InHead::permutation ? Group::permutation : Group::orthogonal, tables,
          match_.heads == Heads::monotonic);
      AxisMatch& outer = matches[unknown.axis];
      outer.element = found[unknown.axis] = {Permutation{nested.order}};
      for (std::size_t t = 0; t < tables.size(); ++t) {
        AxisMatch& match = matches[unknown.inner[t]];
        match.objective = nested.objectives[t];
        match.identity = nested.identities[t];
        match.units = axis.size * symmetries_.axis(unknown.inner[t]).size;
        outer.objective += match.objective;
        outer.identity += match.identity;
        outer.units = match.units;
        match.element = found[unknown.inner[t]] = std::move(nested.inner[t]);
      }
    }
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    for (auto& [name, match] : matches) match.seconds = elapsed.count();
    return {std::move(found), std::move(matches)};
  }

  // d objective / d T of an axis, the others where they are.
  at::Tensor benefit(const std::string& name) const {
    const Axis& axis = symmetries_.axis(name);
    const std::int64_t blocks = symmetries_.blocks(axis), rows = blocks * axis.size;
    const std::vector<UsePlace> places = uses_of(symmetries_, name);
    std::vector<UsePlace> usable;
    for (const UsePlace& place : places) {
      if (is_settled(place)) usable.push_back(place);
    }
    at::Tensor table = at::zeros({rows, rows}, at::kDouble);
    for (const UsePlace& place : usable.empty() ? places : usable) {
      const at::Tensor moved =
          transform_tensor(symmetries_, without(symmetries_, place), b_.at(place.tensor), element_);
      const auto units = [&](const at::Tensor& tensor) {
        return units_first(symmetries_, place, tensor).reshape({rows, -1});
      };
      table.addmm_(units(a_.at(place.tensor)), units(moved).t(), 1, scale_.at(place.tensor));
    }
    if (!axis.per.empty()) table = table.view({blocks, axis.size, blocks, axis.size});
    if (const auto more = benefits_.find(name); more != benefits_.end()) {
      table = table + more->second * benefit_weight(name);
    }
    return table;
  }

  // What matched units weigh against the weights: text has as many votes as all tensors with the
  // axis together, each unit's agreement being at most 1.
  double benefit_weight(const std::string& name) const {
    const Axis& axis = symmetries_.axis(name);
    double votes = 0;
    for (const UsePlace& place : uses_of(symmetries_, name)) votes += votes_.at(place.tensor);
    return votes / static_cast<double>(symmetries_.blocks(axis) * axis.size);
  }

  // Does this tensor know every other axis that it carries?
  bool is_settled(const UsePlace& place) const {
    for (const Concatenation& dimension : without(symmetries_, place)) {
      for (const Product& product : dimension) {
        for (const AxisUse& use : product) {
          const bool own =
              use.axis ==
              symmetries_.tensors.at(place.tensor)[place.dimension][place.term][place.factor].axis;
          if (use.role != Role::inert && !own && !settled_.contains(use.axis)) return false;
        }
      }
    }
    return true;
  }

  double objective() const {
    double sum = 0;
    for (const auto& [name, tensor] : a_) {
      const at::Tensor moved =
          transform_tensor(symmetries_, symmetries_.tensors.at(name), b_.at(name), element_);
      sum += scale_.at(name) * (tensor * moved).sum().item<double>();
    }
    for (const auto& [name, table] : benefits_) {
      const auto found = matches_.find(name);
      if (found == matches_.end()) continue;
      // <T, benefit>: the table with B's units moved, on its diagonal.
      const Axis& axis = symmetries_.axis(name);
      const std::int64_t rows = symmetries_.blocks(axis) * axis.size;
      Product units = {{name, Role::vector}};
      if (!axis.per.empty()) units.insert(units.begin(), {axis.per, Role::vector});
      const Pattern pattern = {{{{"", Role::inert, rows}}}, {units}};
      const at::Tensor moved =
          transform_tensor(symmetries_, pattern, table.reshape({rows, -1}), element_);
      sum += benefit_weight(name) * moved.diagonal().sum().item<double>();
    }
    return sum;
  }

  const Symmetries& symmetries_;
  Tensors a_, b_;
  const MatchOptions& match_;
  const Benefits& benefits_;
  int threads_;
  std::map<std::string, double> votes_, scale_;  // by tensor
  std::vector<Unknown> unknowns_;
  Transform element_;
  std::map<std::string, AxisMatch> matches_;
  std::set<std::string> settled_;
};

}  // namespace

Alignment match_weights(const Symmetries& symmetries, const Tensors& a, const Tensors& b,
                        const MatchOptions& match, const WeightOptions& options,
                        const Benefits& benefits, const std::map<std::string, Frames>& frames,
                        int threads, const Progress& progress) {
  require(match.components.empty() || match.in_head == InHead::permutation ||
              match.components.contains("attention"),
          "in-head maps move the units inside heads; add attention to the components");
  const c10::InferenceMode inference;
  Tensors wide_a = cast(a, at::kDouble), wide_b = cast(b, at::kDouble);
  if (match.in_head == InHead::general) {
    Transform of_a, of_b;
    for (const auto& [name, frame] : frames) {
      of_a[name] = frame.a;
      of_b[name] = frame.b;
    }
    wide_a = transform_parameters(symmetries, wide_a, of_a);
    wide_b = transform_parameters(symmetries, wide_b, of_b);
  }
  Ascent ascent(symmetries, std::move(wide_a), std::move(wide_b), match, benefits, threads);
  std::vector<std::size_t> order(ascent.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  Random random(options.seed);
  Ascent::End best;
  for (std::int64_t start = 0; start < std::max<std::int64_t>(options.starts, 1); ++start) {
    if (start > 0) {
      const auto shuffled = random.permutation(static_cast<std::int64_t>(order.size()));
      std::transform(shuffled.begin(), shuffled.end(), order.begin(),
                     [](std::int64_t i) { return static_cast<std::size_t>(i); });
    }
    Ascent::End end = ascent.climb(order, options.rounds);
    if (start == 0 || end.objective > best.objective) best = std::move(end);
    if (progress) progress("starts", start + 1, options.starts);
  }
  Alignment alignment;
  alignment.family = symmetries.family;
  alignment.ablation = match.ablation();
  alignment.broken = symmetries.broken;
  alignment.axes = std::move(best.matches);
  for (const auto& [name, frame] : frames) {
    if (match.in_head != InHead::general) break;
    const auto found = alignment.axes.find(name);
    if (found == alignment.axes.end()) continue;
    const auto& outer = alignment.axes.at(symmetries.axis(name).per).element.front();
    found->second.element =
        out_of_frames(found->second.element, std::get<Permutation>(outer).indices, frame);
  }
  add_flat_views(symmetries, alignment);
  return alignment;
}

}  // namespace braid
