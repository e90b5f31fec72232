// JSON from untrusted files, in Python's dialect (NaN, Infinity): bounded depth and size, duplicate
// keys are errors.
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

// Depth and name of keys in text order, which the library does not keep; 1 = outermost.
using KeyOrder = std::vector<std::pair<int, std::string>>;

// Error starting with `what` if `text` is not one JSON value within the limits. Adds keys of depths
// 1 and 2 to `order`.
nlohmann::json parse_json(std::string_view text, std::string_view what, JsonLimits limits = {},
                          KeyOrder* order = nullptr);

// The text of a value, on one line if `indent` is -1. Strings may be paths, i.e. arbitrary bytes:
// invalid UTF-8 becomes U+FFFD.
std::string to_text(const nlohmann::json& json, int indent = -1);

// Indented, with non-finite numbers as written by Python's json module.
std::string to_python_text(const nlohmann::json& json);

}  // namespace braid
