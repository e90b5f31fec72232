#include "braid/text/added_tokens.h"

#include <algorithm>

#include "braid/error.h"
#include "braid/text/characters.h"

namespace braid {
namespace {

UChar32 first_character(std::string_view text) {
  std::size_t next = 0;
  return take_character(text, next);
}

}  // namespace

AddedTokenIds::AddedTokenIds(const std::vector<std::string>& pieces, std::int64_t count)
    : count_(count) {
  for (std::size_t id = 0; id < pieces.size(); ++id) {
    if (!pieces[id].empty()) pieces_[pieces[id]] = static_cast<std::int64_t>(id);
  }
}

void AddedTokenIds::add(const std::vector<AddedToken>& tokens) {
  std::int64_t next = tokens_.empty() ? count_ : std::max(count_, tokens_.rbegin()->first + 1);
  for (AddedToken token : tokens) {
    if (token.content.empty()) continue;
    const auto known = ids_.find(token.content);
    const auto piece = pieces_.find(token.content);
    token.id = known != ids_.end()      ? known->second
               : piece != pieces_.end() ? piece->second
                                        : next++;
    ids_[token.content] = token.id;
    tokens_[token.id] = std::move(token);
  }
}

std::vector<AddedToken> AddedTokenIds::by_id() const {
  std::vector<AddedToken> all;
  for (const auto& [id, token] : tokens_) all.push_back(token);
  return all;
}

void AddedTokenMatcher::add(const std::string& pattern, const AddedToken& token,
                            const std::string& source) {
  require(!pattern.empty(), "{}: added token '{}' is empty (after normalisation)", source,
          token.content);
  const bool fresh = tokens_.emplace(pattern, token).second;
  require(fresh, "{}: added token '{}' appears twice (after normalisation)", source, token.content);
  std::vector<std::size_t>& lengths = lengths_[static_cast<unsigned char>(pattern[0])];
  if (std::find(lengths.begin(), lengths.end(), pattern.size()) == lengths.end()) {
    lengths.push_back(pattern.size());
    std::sort(lengths.begin(), lengths.end(), std::greater<>());
  }
}

const AddedToken* AddedTokenMatcher::match_at(std::string_view text, std::size_t at,
                                              std::size_t& length) const {
  for (const std::size_t candidate : lengths_[static_cast<unsigned char>(text[at])]) {
    if (candidate > text.size() - at) continue;
    const auto found = tokens_.find(text.substr(at, candidate));
    if (found == tokens_.end()) continue;
    length = candidate;
    return &found->second;
  }
  return nullptr;
}

std::vector<AddedTokenMatcher::Piece> AddedTokenMatcher::split(std::string_view text) const {
  std::vector<Piece> pieces;
  std::size_t done = 0;
  std::size_t space_begin = 1, space_end = 0;  // the last white space included, scanned only once
  for (std::size_t at = 0; at < text.size();) {
    std::size_t length = 0;
    const AddedToken* token = match_at(text, at, length);
    if (token == nullptr) {
      ++at;
      continue;
    }
    std::size_t start = at;
    std::size_t stop = at + length;
    at = stop;  // matches do not overlap, not even with discarded ones
    if (token->single_word) {
      const bool joined_before =
          start > 0 && is_word_character(last_character(text.substr(0, start)));
      const bool joined_after =
          stop < text.size() && is_word_character(first_character(text.substr(stop)));
      if (joined_before || joined_after) continue;
    }
    if (token->lstrip) start = std::max(white_space_before(text, start, done), done);
    if (token->rstrip) {
      if (stop < space_begin || stop > space_end) {
        space_begin = stop;
        space_end = white_space_after(text, stop);
      }
      stop = space_end;
    }
    if (done < start) pieces.push_back({text.substr(done, start - done), -1});
    pieces.push_back({text.substr(start, stop - start), token->id});
    done = stop;
  }
  if (done < text.size()) pieces.push_back({text.substr(done), -1});
  return pieces;
}

}  // namespace braid
