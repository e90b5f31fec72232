// Pre-tokenizers of a tokenizer.json: how a normalised text is cut into the pieces that the model
// sees one by one.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace braid {

struct PreTokenizer {
  // `first`: the text, or piece, begins with the first character of what the tokenizer was given.
  using Visit = std::function<void(std::string_view piece, bool first)>;

  // Calls `visit` for every piece, none of them empty, of valid UTF-8 `text`, which is not empty.
  std::function<void(std::string_view text, bool first, const Visit& visit)> cut;
  bool needs_start = false;  // looks at `first`
  bool keeps_start = true;   // the text of its pieces is that which it was given
  bool byte_level = false;   // the model sees the bytes of its pieces; see byte_characters.h
};

// Of `pre_tokenizer`; null: does not cut. `keeps_start`: that of what comes before. Error naming
// what is not supported.
PreTokenizer read_pre_tokenizer(const nlohmann::json& json, bool keeps_start,
                                const std::string& source);

}  // namespace braid
