// MatchOptions: which axes matching may move, and which features it compares.
#pragma once

#include <optional>
#include <set>

#include "braid/families/family.h"

namespace braid {

enum class Heads { permute, monotonic, ignore };
enum class QueryKey { shared, separate };
// Requested maps of units inside heads; usable_group gives what the table allows.
enum class InHead { permutation, orthogonal, general };
enum class ResidualTaps { first, last, all, separate };

struct MatchOptions {
  std::set<std::string> components = {"ffn", "attention"};
  Heads heads = Heads::permute;
  QueryKey query_key = QueryKey::shared;
  ResidualTaps residual = ResidualTaps::first;
  InHead in_head = InHead::permutation;
  bool absolute = false;  // match by |rho|
  bool signs = true;      // match signs too, on axes where they are free

  Ablation ablation() const {
    return {components.contains("residual") && residual == ResidualTaps::separate,
            components.contains("attention") && heads == Heads::ignore};
  }
};

// The group in which an axis is matched: allowed by both table and options. nullopt if that is only
// the identity: heads kept in place, and permutations under rotary embeddings.
std::optional<Group> usable_group(const Axis& axis, const MatchOptions& options);

// True if these components have units inside the blocks of another axis, as in heads.
bool moves_inside(const Symmetries& symmetries, const std::set<std::string>& components);

// The taps whose moments are needed, in the table's order. Error naming a component that the model
// does not have.
std::vector<std::string> taps_to_observe(const Symmetries& symmetries, const MatchOptions& options);

// Component of taps of queries and keys.
inline constexpr const char* query_key_component = "query_key";

}  // namespace braid
