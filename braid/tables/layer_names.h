// Names with `*` for the number of a layer: blocks.*.norm1.weight, layer.*.ffn.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "braid/symmetry/symmetries.h"

namespace braid {

inline bool is_starred(const std::string& name) { return name.find('*') != std::string::npos; }

// What stands before the `*`: rules that share it are of the same layers.
std::string before_star(const std::string& name);

// The name with this number.
std::string with_number(const std::string& starred, const std::string& number);

// The number for which `starred` is `name`, as 0, 1, ... are written; nothing where there is none.
std::optional<std::string> number_in(const std::string& starred, const std::string& name);

// Every way to write `name` with a `*` for one of its numbers, and that number; the first first.
std::vector<std::pair<std::string, std::string>> starred_forms(const std::string& name);

// What an axis may be called in rules of its layer: "ffn" for layer.*.ffn; empty: only as it is.
std::string short_name(const std::string& axis);

// What a pattern's word means in a rule for this number, or in one without `*` where it is empty:
// there the whole name of an axis, of one layer; in a rule with `*` first the short name of an axis
// of that layer. `table` and what it calls the axis; nothing where there is no such axis. Throws
// std::invalid_argument where there are several.
struct AxisName {
  const Axis* axis = nullptr;
  std::string number;

  std::string whole() const {
    return number.empty() ? axis->name : with_number(axis->name, number);
  }
};
std::optional<AxisName> find_axis(const std::vector<Axis>& axes, const std::string& word,
                                  const std::string& number);

}  // namespace braid
