// Added tokens: strings such as "[MASK]" that are found in the text itself, before words are
// looked for, as by Hugging Face's AddedVocabulary.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace braid {

struct AddedToken {
  std::string content;
  std::int64_t id = 0;
  bool special = true;
  bool normalized = false;   // look for the normalised content in normalised text
  bool single_word = false;  // only between characters that are not part of a word
  bool lstrip = false;       // swallow white space before it
  bool rstrip = false;       // and after it
};

// Hashes std::string and std::string_view alike, so that lookups copy nothing.
struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
};

// Finds added tokens, leftmost first and the longest of those that start together.
class AddedTokenMatcher {
 public:
  struct Piece {
    std::string_view text;
    std::int64_t id;  // of the added token, or -1: plain text
  };

  // Throws Error if `pattern` is empty or was added before; `source` names the file in it.
  void add(const std::string& pattern, const AddedToken& token, const std::string& source);

  bool empty() const { return tokens_.empty(); }

  // The pieces of valid UTF-8 `text` in order, empty plain ones left out.
  std::vector<Piece> split(std::string_view text) const;

 private:
  const AddedToken* match_at(std::string_view text, std::size_t at, std::size_t& length) const;

  std::unordered_map<std::string, AddedToken, StringHash, std::equal_to<>> tokens_;
  // For each first byte, the lengths that tokens starting so have, longest first.
  std::array<std::vector<std::size_t>, 256> lengths_;
};

}  // namespace braid
