// Alignment: one group element per axis that moves B towards A, and shifts, with each match's
// score. Saved as JSON (format: alignment_file.cpp), shown by `inspect`, re-applied by `transform`.
// indices[i] = the unit of B at slot i.
#pragma once

#include <nlohmann/json.hpp>

#include <filesystem>

#include "braid/families/family.h"
#include "braid/symmetry/transform.h"

namespace braid {

struct AxisMatch {
  GroupElement element;
  double objective = 0;  // sum of matched correlations, maximised by the assignment
  double unaligned = 0;  // the same sum with B unmoved
  std::int64_t units = 0;
  double seconds = 0;
  bool applied = true;    // false: measured only, because no axis of the model is free to move
  bool repeated = false;  // an axis inside blocks: one element per block, even with a single block

  // Learnt axes and shifts have no objective.
  bool matched() const { return objective != 0 || unaligned != 0; }
  double mean() const { return units ? objective / static_cast<double>(units) : 0; }
};

// Blocks and the units inside them as one permutation of all units. For display only.
struct FlatView {
  AxisMatch match;  // of the inner axis, with the flat permutation
  std::string of;   // the axis of the blocks
};

struct Alignment {
  std::string family;
  std::map<std::string, AxisMatch> axes;  // and shifts, which have no objective
  std::map<std::string, FlatView> flat;   // layer.i.attention, layer.i.query_key
  Ablation ablation;                      // selects the table that the elements belong to
  std::string broken;                     // why this is not a symmetry; empty if exact
  // Provenance: request, folders and fingerprints. Objects (`text` may be a list); null if unknown.
  nlohmann::json options, a, b, text;

  Transform transform() const;  // of the applied axes
  // True if the elements apply to both models' canonical forms (options.canonicalise).
  bool canonical() const;
};

// Fills the fields derived from the alignment's table: family, broken, repeated axes, flat views.
void fill_from_table(const Symmetries& symmetries, Alignment& alignment);

nlohmann::json to_json(const Alignment& alignment);
// Error naming the field: wrong type, non-finite number, invalid element, missing or unknown key.
Alignment alignment_from_json(const nlohmann::json& json);

void save_alignment(const std::filesystem::path& path, const Alignment& alignment);
// Error naming the file if it is not a complete alignment.
Alignment load_alignment(const std::filesystem::path& path);

}  // namespace braid
