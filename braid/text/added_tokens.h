// Added tokens: strings such as "[MASK]" that are matched in the text before it is split into
// words, as in Hugging Face's AddedVocabulary.
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
  bool normalized = false;   // match the normalised content in normalised text
  bool single_word = false;  // match only between non-word characters
  bool lstrip = false;       // include white space before it
  bool rstrip = false;       // include white space after it

  bool operator==(const AddedToken&) const = default;
};

// Hashes std::string and std::string_view alike, so that lookups need no copy.
struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
};

// Assigns ids to added tokens as Hugging Face's AddedVocabulary does: a piece of the model keeps
// its id, a new token gets the next free one. (Like there, ids in files are ignored.)
class AddedTokenIds {
 public:
  // `count`: number of distinct pieces; "" is not one.
  AddedTokenIds(const std::vector<std::string>& pieces, std::int64_t count);

  // Later tokens replace earlier ones with the same content. Tokens without content are skipped.
  void add(const std::vector<AddedToken>& tokens);
  bool contains(const std::string& content) const { return ids_.contains(content); }
  std::vector<AddedToken> by_id() const;

 private:
  std::unordered_map<std::string_view, std::int64_t> pieces_;
  std::int64_t count_;
  std::unordered_map<std::string, std::int64_t> ids_;
  std::map<std::int64_t, AddedToken> tokens_;
};

// Finds added tokens: leftmost first, then longest.
class AddedTokenMatcher {
 public:
  struct Piece {
    std::string_view text;
    std::int64_t id;  // of the added token; -1 for plain text
  };

  // Throws if `pattern` is empty or was added before. `source`: the file, for messages.
  void add(const std::string& pattern, const AddedToken& token, const std::string& source);

  bool empty() const { return tokens_.empty(); }

  // The pieces of valid UTF-8 `text` in order, without empty plain ones.
  std::vector<Piece> split(std::string_view text) const;

 private:
  const AddedToken* match_at(std::string_view text, std::size_t at, std::size_t& length) const;

  std::unordered_map<std::string, AddedToken, StringHash, std::equal_to<>> tokens_;
  // By first byte: lengths of the tokens, longest first.
  std::array<std::vector<std::size_t>, 256> lengths_;
};

}  // namespace braid
