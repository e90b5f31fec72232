// MatchOptions: what the methods that match units may move, and by what they tell.
#pragma once

#include <optional>
#include <set>

#include "braid/families/family.h"

namespace braid {

enum class Heads { permute, monotonic, ignore };
enum class QueryKey { shared, separate };
// What is wished to move the units inside heads; usable_group says what a table makes of it.
enum class InHead { permutation, orthogonal, general };
enum class ResidualTaps { first, last, all, separate };

struct MatchOptions {
  std::set<std::string> components = {"ffn", "attention"};
  Heads heads = Heads::permute;
  QueryKey query_key = QueryKey::shared;
  ResidualTaps residual = ResidualTaps::first;
  InHead in_head = InHead::permutation;
  bool absolute = false;  // match by |rho|
  bool signs = true;      // where units may change theirs

  Ablation ablation() const {
    return {components.contains("residual") && residual == ResidualTaps::separate,
            components.contains("attention") && heads == Heads::ignore};
  }
};

// The group in which an axis is matched: what both its table and the options allow. Nothing where
// that is the identity alone: heads that are to stay, and permutations under rotary embeddings,
// which commute with none.
std::optional<Group> usable_group(const Axis& axis, const MatchOptions& options);

// Have these components units inside the blocks of another axis, as heads have?
bool moves_inside(const Symmetries& symmetries, const std::set<std::string>& components);

// The taps whose moments are read, in the table's order. Error naming a component that the model
// does not have.
std::vector<std::string> taps_to_observe(const Symmetries& symmetries, const MatchOptions& options);

// Component of the taps that show units inside heads as queries and keys.
inline constexpr const char* query_key_component = "query_key";

}  // namespace braid
