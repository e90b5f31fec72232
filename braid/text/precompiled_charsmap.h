// sentencepiece's precompiled charsmap: replacements of strings, in a double array (Darts). Applied
// as in Hugging Face: a grapheme cluster of less than 6 bytes is replaced by the entry of its
// shortest known prefix; in all others, every character is replaced separately.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace braid {

class PrecompiledCharsmap {
 public:
  // Throws, naming `source`, if this is not a charsmap in base64.
  PrecompiledCharsmap(std::string_view base64, const std::string& source);

  // `text`: valid UTF-8. Throws if an index of the charsmap is out of range.
  std::string normalize(std::string_view text) const;

 private:
  // The replacement of the shortest known prefix of `part`.
  std::optional<std::string_view> find(std::string_view part) const;
  std::uint32_t unit(std::size_t at) const;

  std::string source_;
  std::vector<std::uint32_t> units_;
  std::string strings_;  // zero-terminated
};

}  // namespace braid
