// Matching: common part of the methods that match units of two models: assignment problems of the
// observed taps, and their benefit matrices.
#pragma once

#include "braid/alignment/moments.h"
#include "braid/alignment/solver.h"
#include "braid/methods/in_head.h"
#include "braid/methods/match_options.h"
#include "braid/models/model.h"

namespace braid {

struct Matching {
  Symmetries symmetries;  // of the models, or of the options' ablation
  MatchOptions options;
  FramesByAxis frames;  // if in_head is general

  // The group to solve an axis in: usable_group, with general maps as orthogonal ones between
  // frames.
  std::optional<Group> solved_group(const Axis& axis) const;
  // The axis's frames; null if none are used.
  const Frames* framed(const std::string& axis) const;
};

Matching make_matching(const Model& a, const Model& b, const MatchOptions& options);

// Moments of a tap, and the role of the units of its last axis there.
using SeenAs = std::pair<Role, const Moments*>;
using TapsByAxes = std::map<std::vector<std::string>, std::vector<SeenAs>>;

// One assignment problem: an axis, or a tree of axes observed at its context features, possibly of
// several layers (T5's heads, ALBERT's shared layer).
struct Problem {
  std::vector<std::string> axes;  // of the first tap, outermost first
  std::string component, tap;
  std::vector<const Moments*> moments;          // of a single axis
  TapsByAxes contexts;                          // of a tree, by the taps' axes
  std::map<std::string, TapsByAxes> query_key;  // taps of queries and keys, by their last axis

  bool is_tree() const { return axes.size() > 1; }
};

// In the table's order. Error naming a tap of taps_to_observe missing from `moments`.
std::vector<Problem> find_problems(const Matching& matching, const MomentsByTap& moments);

// Benefits of pairing an axis's units, (n, n): correlations, or covariances if units mix.
at::Tensor axis_table(const Matching& matching, const Problem& problem);

// The same for units inside blocks, from these taps on these axes; `framed`: between framed units.
Agreement in_head_table(const Matching& matching, const std::vector<std::string>& axes,
                        const std::vector<SeenAs>& taps, bool framed);

}  // namespace braid
