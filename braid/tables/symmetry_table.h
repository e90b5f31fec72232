// SymmetryTable: an architecture as a file, in the notation of the built-in tables
// (docs/tables.md). Sizes and the number of layers are not in it: they are read off the shapes of a
// checkpoint.
#pragma once

#include <filesystem>

#include "braid/symmetry/symmetries.h"

namespace braid {

// A rule for one name or, with one `*` in it, for all that have a number there: a layer's.
struct TensorRule {
  std::string name, pattern;
  int line = 0;  // of the file
};

struct ShiftRule {
  std::string name;
  Shift::Kind kind = Shift::Kind::averaged;
  std::string map, other;
};

struct SymmetryTable {
  std::string file;        // for messages
  std::string title;       // what the architecture is called
  std::vector<Axis> axes;  // sizes are 0; an axis comes after the one that it is repeated for
  std::map<std::string, std::int64_t> sizes;  // of axes that no shape tells, as they are called
  std::vector<TensorRule> tensors;
  std::vector<TapRule> taps;  // rules with `*` that follow each other are repeated together
  std::vector<ShiftRule> shifts;
  std::vector<std::string> ignored;  // tensors that stay, `*` for any text: counters, buffers
};

// Error naming the file and the line where it is no table, or one that contradicts itself.
SymmetryTable read_symmetry_table(const std::filesystem::path& file);

// The text that read_symmetry_table reads.
std::string to_yaml(const SymmetryTable& table);

// Does the table leave this tensor as it is?
bool ignores(const SymmetryTable& table, const std::string& tensor);

// The table of a checkpoint with these tensors, `source`, those that are ignored among them. Error
// naming the tensor, the rule or the axis where one forgets or contradicts another.
Symmetries symmetries_of(const SymmetryTable& table, const Tensors& tensors,
                         const std::string& source);

// The other way: rules with `*` where layers are alike, and the sizes that the shapes do not tell.
// `tensors`: of the table, for their shapes.
SymmetryTable folded(const Symmetries& symmetries, const Tensors& tensors);

}  // namespace braid
