// Alignment: one group element per axis that moves B towards A, and shifts, with what each match
// was worth. Saved as a JSON file (alignment_file.cpp says how) that `inspect` shows and
// `transform` re-applies. indices[i] = the unit of B at slot i.
#pragma once

#include <nlohmann/json.hpp>

#include <filesystem>

#include "braid/families/family.h"
#include "braid/symmetry/transform.h"

namespace braid {

struct AxisMatch {
  GroupElement element;
  double objective = 0;  // the sum of matched correlations that the assignment maximised
  double unaligned = 0;  // the same sum with B as it was
  std::int64_t units = 0;
  double seconds = 0;
  bool applied = true;    // false: measured only, as no axis of the model is free to take it
  bool repeated = false;  // an axis inside blocks: an element a block, though there may be but one

  // Learnt axes and shifts have no objective.
  bool matched() const { return objective != 0 || unaligned != 0; }
  double mean() const { return units ? objective / static_cast<double>(units) : 0; }
};

// Blocks and the units inside them seen as one permutation of all units. To be looked at only.
struct FlatView {
  AxisMatch match;  // of the inner axis, with the one permutation
  std::string of;   // the axis of the blocks
};

struct Alignment {
  std::string family;
  std::map<std::string, AxisMatch> axes;  // and shifts, which have no objective
  std::map<std::string, FlatView> flat;   // layer.i.attention, layer.i.query_key
  Ablation ablation;                      // the table that the elements belong to
  std::string broken;                     // why this is not a symmetry; empty when exact
  // Provenance: what was asked, folders and fingerprints. Objects, `text` also a list; null:
  // unknown.
  nlohmann::json options, a, b, text;

  Transform transform() const;  // of the axes that are applied
  // Does it belong to the canonical forms of both models? (options.canonicalise)
  bool canonical() const;
};

// What follows from the table that the alignment is of: the family, whether and why it is broken,
// which axes are repeated, and the flat views.
void fill_from_table(const Symmetries& symmetries, Alignment& alignment);

nlohmann::json to_json(const Alignment& alignment);
// Error that says what is wrong where: wrong types, numbers that are not finite, elements that are
// none of their kind, anything missing or unknown.
Alignment alignment_from_json(const nlohmann::json& json);

void save_alignment(const std::filesystem::path& path, const Alignment& alignment);
// Error naming the file where it is not a complete alignment.
Alignment load_alignment(const std::filesystem::path& path);

}  // namespace braid
