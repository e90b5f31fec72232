#include "braid/text/vocabulary.h"

#include <unicode/utf8.h>

#include <algorithm>

namespace braid {

void Vocabulary::Pieces::add(std::string_view piece, std::int64_t id) {
  ids.emplace(piece, id);
  longest = std::max(longest, piece.size());
}

std::int64_t Vocabulary::Pieces::match(std::string_view& text) const {
  std::size_t end = text.size();
  if (end > longest) {
    end = longest;
    while (end > 0 && U8_IS_TRAIL(text[end])) --end;
  }
  while (end > 0) {
    const auto found = ids.find(text.substr(0, end));
    if (found != ids.end()) {
      text = text.substr(0, end);
      return found->second;
    }
    do {
      --end;
    } while (end > 0 && U8_IS_TRAIL(text[end]));
  }
  return -1;
}

void Vocabulary::add(const std::string& token, std::int64_t id) {
  starting_.add(token, id);
  if (token.starts_with(prefix_))
    continuing_.add(std::string_view(token).substr(prefix_.size()), id);
}

std::int64_t Vocabulary::find(std::string_view token) const {
  const auto found = starting_.ids.find(token);
  return found == starting_.ids.end() ? -1 : found->second;
}

bool Vocabulary::append_pieces(std::string_view word, std::vector<std::int64_t>& ids) const {
  const std::size_t before = ids.size();
  for (std::size_t start = 0; start < word.size();) {
    std::string_view piece = word.substr(start);
    const std::int64_t id = (start == 0 ? starting_ : continuing_).match(piece);
    if (id < 0) {
      ids.resize(before);
      return false;
    }
    ids.push_back(id);
    start += piece.size();
  }
  return true;
}

}  // namespace braid
