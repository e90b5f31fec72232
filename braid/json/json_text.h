// JSON from files nobody vouches for, as Python writes it: bounded depth and size, duplicate keys
// refused, NaN and Infinity numbers.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace braid {

struct JsonLimits {
  int depth = 64;  // the library copies, compares and prints by recursion
  std::size_t values = 20'000'000;
};

// Depth and name of keys in the order of the text, which the library does not keep; 1 = outermost.
using KeyOrder = std::vector<std::pair<int, std::string>>;

// Error, opening with `what`, if `text` is not one JSON value within the limits. Adds the outermost
// keys, and those below them, to `order`.
nlohmann::json parse_json(std::string_view text, std::string_view what, JsonLimits limits = {},
                          KeyOrder* order = nullptr);

// The text of a value, in lines where `indent` is not -1. Strings in it may be paths, which are
// bytes: what is not UTF-8 in them becomes U+FFFD.
std::string to_text(const nlohmann::json& json, int indent = -1);

// In lines, with numbers that are not finite as Python's json module writes them.
std::string to_python_text(const nlohmann::json& json);

}  // namespace braid
