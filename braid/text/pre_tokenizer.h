// Pre-tokenizers of a tokenizer.json, which split a normalised text into pieces for the model.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace braid {

struct PreTokenizer {
  // `first`: the piece (or text) starts with the first character of the tokenizer's input.
  using Visit = std::function<void(std::string_view piece, bool first)>;

  // Calls `visit` for every non-empty piece of `text`, which is valid UTF-8 and not empty.
  std::function<void(std::string_view text, bool first, const Visit& visit)> cut;
  bool needs_start = false;  // depends on `first`
  bool keeps_start = true;   // pieces are parts of the input, unchanged
  bool byte_level = false;   // the model gets the bytes of the pieces; see byte_characters.h
};

// Reads the key `pre_tokenizer`; null does not split. `keeps_start`: that of the normalizer. Throws
// on unsupported parts.
PreTokenizer read_pre_tokenizer(const nlohmann::json& json, bool keeps_start,
                                const std::string& source);

}  // namespace braid
