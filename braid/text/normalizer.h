// Normalizers of a tokenizer.json, which change a text before it is split.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

namespace braid {

struct Normalizer {
  std::function<std::string(std::string)> apply;  // takes valid UTF-8
  // Does the text's first character, and only that, yield the first character of the result?
  bool keeps_start = true;
};

// Reads the key `normalizer`; null leaves text unchanged. Throws on unsupported parts.
Normalizer read_normalizer(const nlohmann::json& json, const std::string& source);

}  // namespace braid
