// Added tokens: strings such as "[MASK]" that are found in the text itself, before words are
// looked for, as by Hugging Face's AddedVocabulary.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
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

  bool operator==(const AddedToken&) const = default;
};

// Hashes std::string and std::string_view alike, so that lookups copy nothing.
struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
};

// Gives added tokens their ids as Hugging Face's AddedVocabulary does: a piece of the model keeps
// its own, a new token gets the next free one. (What files say of ids does not count there.)
class AddedTokenIds {
 public:
  // `count` distinct pieces; "" is none.
  AddedTokenIds(const std::vector<std::string>& pieces, std::int64_t count);

  // Later tokens replace earlier ones of the same content. Those without content are left out.
  void add(const std::vector<AddedToken>& tokens);
  bool contains(const std::string& content) const { return ids_.contains(content); }
  std::vector<AddedToken> by_id() const;

 private:
  std::unordered_map<std::string_view, std::int64_t> pieces_;
  std::int64_t count_;
  std::unordered_map<std::string, std::int64_t> ids_;
  std::map<std::int64_t, AddedToken> tokens_;
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
