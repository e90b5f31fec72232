// match: from moments to an alignment. Walks the taps of a symmetry table: a tap on one axis is one
// linear assignment, a tap on (outer inner) is the paper's nested one (method.md section 4).
#pragma once

#include <set>

#include "braid/alignment/alignment.h"
#include "braid/alignment/moments.h"
#include "braid/progress.h"

namespace braid {

enum class Heads { permute, monotonic, ignore };
enum class QueryKey { shared, separate };
enum class ResidualTaps { first, last, all, separate };

struct MatchOptions {
  std::set<std::string> components = {"ffn", "attention"};
  Heads heads = Heads::permute;
  QueryKey query_key = QueryKey::shared;
  ResidualTaps residual = ResidualTaps::first;
  bool absolute = false;  // match by |rho|

  Ablation ablation() const {
    return {components.contains("residual") && residual == ResidualTaps::separate,
            components.contains("attention") && heads == Heads::ignore};
  }
};

// The taps whose moments `match` will read, in the table's order. Error naming a component that the
// model does not have.
std::vector<std::string> taps_to_observe(const Symmetries& symmetries, const MatchOptions& options);

// REQUIRES moments for every tap of taps_to_observe (Error naming one that is missing).
// `solved` is told how many of the taps are done.
Alignment match(const Symmetries& symmetries, const MomentsByTap& moments,
                const MatchOptions& options, int threads, const Progress& progress = {});

}  // namespace braid
