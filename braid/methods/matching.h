// Matching: two models of one table and what may be moved between them. What the methods that match
// units share: which problems the taps are for, and what they say of pairing units.
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
  FramesByAxis frames;  // where in_head is general

  // The group that an axis is solved in: usable_group, with general maps as orthogonal ones
  // between frames.
  std::optional<Group> solved_group(const Axis& axis) const;
  // The axis's frames, or null where there is none to be used.
  const Frames* framed(const std::string& axis) const;
};

Matching make_matching(const Model& a, const Model& b, const MatchOptions& options);

// A tap and the role in which it shows the units of its last axis.
using SeenAs = std::pair<Role, const Moments*>;
using TapsByAxes = std::map<std::vector<std::string>, std::vector<SeenAs>>;

// The taps that one assignment problem reads: of an axis, or of a tree of axes seen at its context
// features, which may be those of several layers (T5's heads, ALBERT's one layer).
struct Problem {
  std::vector<std::string> axes;  // of the first tap, outermost first
  std::string component, tap;
  std::vector<const Moments*> moments;  // of one axis
  // Of a tree: by the taps' axes.
  TapsByAxes contexts;
  // Axes beside the last one, as queries and as keys: by axis.
  std::map<std::string, TapsByAxes> query_key;

  bool is_tree() const { return axes.size() > 1; }
};

// In the table's order. Error naming a tap of taps_to_observe that `moments` does not hold.
std::vector<Problem> find_problems(const Matching& matching, const MomentsByTap& moments);

// What matching an axis's units is worth, (n, n): correlations, or covariances where units mix.
at::Tensor axis_table(const Matching& matching, const Problem& problem);

// The same for units inside blocks, seen at some taps on these axes; between framed units if asked.
Agreement in_head_table(const Matching& matching, const std::vector<std::string>& axes,
                        const std::vector<SeenAs>& taps, bool framed);

}  // namespace braid
