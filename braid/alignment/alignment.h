// Alignment: one group element per axis that moves B towards A, and shifts, with what each match
// was worth. Saved as a JSON file that `inspect` shows and `transform` re-applies. indices[i] = the
// unit of B at slot i.
#pragma once

#include <nlohmann/json.hpp>

#include <filesystem>

#include "braid/families/family.h"
#include "braid/symmetry/transform.h"

namespace braid {

struct AxisMatch {
  GroupElement element;
  double objective = 0;  // the sum of matched correlations that the assignment maximised
  double identity = 0;   // the same sum with B as it was
  std::int64_t units = 0;
  double seconds = 0;
  bool applied = true;  // false: measured only, as no axis of the model is free to take it

  // Learnt axes and shifts have no objective.
  bool matched() const { return objective != 0 || identity != 0; }
  double mean() const { return units ? objective / static_cast<double>(units) : 0; }
};

struct Alignment {
  std::string family;
  std::map<std::string, AxisMatch> axes;  // and shifts, which have no objective
  std::map<std::string, Permutation>
      flat;            // layer.i.attention, layer.i.query_key: heads and units as one
  Ablation ablation;   // the table that the elements belong to
  std::string broken;  // why this is not a symmetry; empty when exact
  nlohmann::json options, a, b, text;  // provenance: what was asked, folders and fingerprints

  Transform transform() const;  // of the axes that are applied
};

// Fills `flat` where heads and their units are permutations.
void add_flat_views(const Symmetries& symmetries, Alignment& alignment);

nlohmann::json to_json(const Alignment& alignment);
Alignment alignment_from_json(const nlohmann::json& json);

void save_alignment(const std::filesystem::path& path, const Alignment& alignment);
// Error naming the file where it is not a complete alignment.
Alignment load_alignment(const std::filesystem::path& path);

}  // namespace braid
