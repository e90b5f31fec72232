// JSON from files nobody vouches for: bounded depth and size, duplicate keys refused.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string_view>

namespace braid {

struct JsonLimits {
  int depth = 64;
  std::size_t values = 20'000'000;
};

// Error, opening with `what`, if `text` is not one JSON value within the limits.
nlohmann::json parse_json(std::string_view text, std::string_view what, JsonLimits limits = {});

}  // namespace braid
