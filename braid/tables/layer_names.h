// Names with `*` for a layer number: blocks.*.norm1.weight, layer.*.ffn.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "braid/symmetry/symmetries.h"

namespace braid {

inline bool is_starred(const std::string& name) { return name.find('*') != std::string::npos; }

// The text before the `*`; rules that share it apply to the same layers.
std::string before_star(const std::string& name);

// The name with `number` for the `*`.
std::string with_number(const std::string& starred, const std::string& number);

// The layer number for which `starred` gives `name`, in decimal without leading zeros; nullopt if
// `name` does not match.
std::optional<std::string> number_in(const std::string& starred, const std::string& name);

// Every form of `name` with a `*` for one of its numbers, and that number, from left to right.
std::vector<std::pair<std::string, std::string>> starred_forms(const std::string& name);

// Short name of an axis in rules of its layer: "ffn" for layer.*.ffn; empty if it has none.
std::string short_name(const std::string& axis);

// The axis that a word of a pattern names. In a rule with `*` (`number` is the layer) it is first
// the short or starred name of an axis of that layer; otherwise (`number` empty) the full name of
// an axis. Returns nullopt if there is no such axis; throws std::invalid_argument if it is
// ambiguous.
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
