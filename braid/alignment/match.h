// match: from moments to an alignment. Walks the taps of a symmetry table: a tap on one axis is one
// linear assignment, a tap on (outer inner) is the paper's nested one (method.md section 4), or one
// whose inner maps are orthogonal or general.
#pragma once

#include <set>

#include "braid/alignment/alignment.h"
#include "braid/alignment/in_head.h"
#include "braid/alignment/moments.h"
#include "braid/progress.h"

namespace braid {

enum class Heads { permute, monotonic, ignore };
enum class QueryKey { shared, separate };
// What moves the units inside heads: the groups that solve() knows, and general maps between
// balanced factors (in_head.h).
enum class InHead { permutation, orthogonal, general };
enum class ResidualTaps { first, last, all, separate };

struct MatchOptions {
  std::set<std::string> components = {"ffn", "attention"};
  Heads heads = Heads::permute;
  QueryKey query_key = QueryKey::shared;
  ResidualTaps residual = ResidualTaps::first;
  InHead in_head = InHead::permutation;
  bool absolute = false;  // match by |rho|

  Ablation ablation() const {
    return {components.contains("residual") && residual == ResidualTaps::separate,
            components.contains("attention") && heads == Heads::ignore};
  }
};

// The taps whose moments `match` will read, in the table's order. Error naming a component that the
// model does not have.
std::vector<std::string> taps_to_observe(const Symmetries& symmetries, const MatchOptions& options);

// REQUIRES moments for every tap of taps_to_observe (Error naming one that is missing), and frames
// of find_frames where in_head is general. `solved` is told how many of the taps are done.
Alignment match(const Symmetries& symmetries, const MomentsByTap& moments,
                const MatchOptions& options, int threads, const Progress& progress = {},
                const std::map<std::string, Frames>& frames = {});

// What else an axis gains by matching units, for match_weights: the correlations that match() would
// maximise, (n, n), or (blocks, n, blocks, n) for units inside heads. By axis; float64.
using Benefits = std::map<std::string, at::Tensor>;
Benefits activation_benefits(const Symmetries& symmetries, const MomentsByTap& moments,
                             const MatchOptions& options,
                             const std::map<std::string, Frames>& frames);

}  // namespace braid
