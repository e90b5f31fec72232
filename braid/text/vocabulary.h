// WordPiece's pieces and their ids: those without the prefix ("##") start a word, those with it
// continue one.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "braid/text/added_tokens.h"

namespace braid {

class Vocabulary {
 public:
  explicit Vocabulary(std::string prefix) : prefix_(std::move(prefix)) {}

  void add(const std::string& token, std::int64_t id);

  // The id of `token`, or -1.
  std::int64_t find(std::string_view token) const;

  // Appends the ids of the pieces of `word` (not empty), the longest match at every position.
  // Returns false, with `ids` unchanged, if there is no match.
  bool append_pieces(std::string_view word, std::vector<std::int64_t>& ids) const;

 private:
  struct Pieces {
    std::unordered_map<std::string, std::int64_t, StringHash, std::equal_to<>> ids;
    std::size_t longest = 0;  // in bytes

    void add(std::string_view piece, std::int64_t id);
    // Shortens `text` to its longest prefix that is a piece and returns that id; -1 if none.
    std::int64_t match(std::string_view& text) const;
  };

  std::string prefix_;
  Pieces starting_;    // every token
  Pieces continuing_;  // tokens with the prefix, without it
};

}  // namespace braid
