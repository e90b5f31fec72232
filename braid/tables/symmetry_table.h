// SymmetryTable: an architecture from a file, in the notation of the built-in tables
// (docs/tables.md), without sizes and the number of layers, which come from a checkpoint's shapes.
#pragma once

#include <filesystem>

#include "braid/symmetry/symmetries.h"

namespace braid {

// A rule for one tensor or, with a `*` in its name, for the tensors of all layers.
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
  std::string title;       // name of the architecture
  std::vector<Axis> axes;  // sizes are 0; an axis follows the one that it is repeated for
  std::map<std::string, std::int64_t> sizes;  // by name, of axes that no shape determines
  std::vector<TensorRule> tensors;
  std::vector<TapRule> taps;  // consecutive rules with `*` are repeated together, layer by layer
  std::vector<ShiftRule> shifts;
  std::vector<std::string> ignored;  // unchanged tensors, `*` for any text: counters, buffers
};

// Throws an Error with file and line if the file is not a table or contradicts itself.
SymmetryTable read_symmetry_table(const std::filesystem::path& file);

// The text that read_symmetry_table reads.
std::string to_yaml(const SymmetryTable& table);

// Does the table leave this tensor unchanged?
bool ignores(const SymmetryTable& table, const std::string& tensor);

// The symmetries of a checkpoint, `source`, with these tensors, ignored ones included. Throws an
// Error that names the tensor, rule or axis if tensors and rules do not match each other.
Symmetries symmetries_of(const SymmetryTable& table, const Tensors& tensors,
                         const std::string& source);

// The inverse: rules with `*` where layers are alike, and sizes that shapes do not determine.
// `tensors`: the tensors of the table, for their shapes.
SymmetryTable folded(const Symmetries& symmetries, const Tensors& tensors);

}  // namespace braid
