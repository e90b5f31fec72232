// Normalizers of a tokenizer.json: what is done to a text before it is cut.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

namespace braid {

struct Normalizer {
  std::function<std::string(std::string)> apply;  // of valid UTF-8
  // Whether the first character of the result comes of the text's first one, and no other does.
  bool keeps_start = true;
};

// Of `normalizer`; null: leaves a text as it is. Error naming what is not supported.
Normalizer read_normalizer(const nlohmann::json& json, const std::string& source);

}  // namespace braid
