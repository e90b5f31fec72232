// sentencepiece's precompiled charsmap: what some strings become, found by a double array (Darts).
// Applied as Hugging Face does it: a grapheme cluster of less than 6 bytes becomes what its
// shortest known beginning does, and of all others every character for itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace braid {

class PrecompiledCharsmap {
 public:
  // Error naming `source` where this is no charsmap, in base64.
  PrecompiledCharsmap(std::string_view base64, const std::string& source);

  // Of valid UTF-8. Error where the charsmap leads outside of itself.
  std::string normalize(std::string_view text) const;

 private:
  // What the shortest known beginning of `part` becomes.
  std::optional<std::string_view> find(std::string_view part) const;
  std::uint32_t unit(std::size_t at) const;

  std::string source_;
  std::vector<std::uint32_t> units_;
  std::string strings_;  // each ends with a zero
};

}  // namespace braid
