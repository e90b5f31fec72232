#include "braid/text/wordpiece.h"

#include <algorithm>

#include "braid/error.h"

namespace braid {
namespace {

NormalizerOptions choose_normalizer(const WordPieceOptions& options) {
  return {.clean_text = options.clean_text,
          .chinese_chars = options.chinese_chars,
          .strip_accents = options.strip_accents.value_or(options.lower_case),
          .lower_case = options.lower_case};
}

// How many of `first` and `second` tokens stay so that at most `room` are left, the longer cut
// first. If both are cut, the odd token stays in the one that was longer (the second on a tie).
std::pair<std::int64_t, std::int64_t> truncate_longest_first(std::int64_t first,
                                                             std::int64_t second,
                                                             std::int64_t room) {
  if (first + second <= room) return {first, second};
  std::int64_t shorter = std::min(first, second);
  std::int64_t longer = std::max(shorter, room - shorter);
  if (shorter + longer > room) {
    shorter = room / 2;
    longer = room - shorter;
  }
  return first > second ? std::pair(longer, shorter) : std::pair(shorter, longer);
}

}  // namespace

WordPiece WordPiece::from_folder(const std::filesystem::path& folder) {
  return WordPiece(read_tokenizer(folder));
}

WordPiece WordPiece::from_vocabulary(std::vector<std::string> tokens, WordPieceOptions options) {
  TokenizerDescription description;
  description.source = "the vocabulary";
  description.pieces = static_cast<std::int64_t>(tokens.size());
  description.tokens = std::move(tokens);
  description.options = std::move(options);
  return WordPiece(std::move(description));
}

WordPiece::WordPiece(TokenizerDescription description)
    : tokens_(std::move(description.tokens)),
      special_(tokens_.size(), false),
      vocabulary_(description.options.prefix),
      normalizer_(choose_normalizer(description.options)),
      max_word_characters_(description.options.max_word_characters) {
  const WordPieceOptions& options = description.options;
  const std::string& source = description.source;
  for (std::int64_t id = 0; id < size(); ++id) {
    require(is_valid_utf8(tokens_[id]), "{}: token {} is not valid UTF-8", source, id);
    if (id < description.pieces) vocabulary_.add(tokens_[id], id, source);
  }
  std::vector<AddedToken>& added = description.added;
  const auto find = [&](const std::string& token) {
    const auto same = [&](const AddedToken& candidate) { return candidate.content == token; };
    const auto found = std::find_if(added.begin(), added.end(), same);
    const std::int64_t id = found == added.end() ? vocabulary_.find(token) : found->id;
    require(id >= 0, "{}: no special token '{}' among the {} tokens", source, token, size());
    if (found == added.end()) added.push_back({.content = token, .id = id});
    special_[id] = true;
    return id;
  };
  unk_ = find(options.unk_token);
  cls_ = find(options.cls_token);
  sep_ = find(options.sep_token);
  pad_ = find(options.pad_token);
  mask_ = find(options.mask_token);
  for (const AddedToken& token : added) {
    if (token.special) special_[token.id] = true;
    std::string pattern = token.content;
    if (token.normalized) {
      pattern.clear();
      normalizer_.append(token.content, pattern);
    }
    (token.normalized ? added_normalized_ : added_).add(pattern, token, source);
  }
}

void WordPiece::append_words(std::string_view normalized, std::vector<std::int64_t>& ids) const {
  for_each_word(normalized, [&](std::string_view word, std::int64_t characters) {
    if (characters > max_word_characters_ || !vocabulary_.append_pieces(word, ids)) {
      ids.push_back(unk_);
    }
  });
}

std::vector<std::int64_t> WordPiece::encode(std::string_view text) const {
  std::string repaired;
  text = repair_utf8(text, repaired);
  std::vector<std::int64_t> ids;
  ids.reserve(text.size() / 4 + 4);
  std::string normalized;
  for (const AddedTokenMatcher::Piece& piece : added_.split(text)) {
    if (piece.id >= 0) {
      ids.push_back(piece.id);
      continue;
    }
    normalized.clear();
    normalizer_.append(piece.text, normalized);
    if (added_normalized_.empty()) {
      append_words(normalized, ids);
      continue;
    }
    for (const AddedTokenMatcher::Piece& inner : added_normalized_.split(normalized)) {
      if (inner.id >= 0) {
        ids.push_back(inner.id);
      } else {
        append_words(inner.text, ids);
      }
    }
  }
  return ids;
}

std::vector<std::int64_t> WordPiece::encode_sequence(std::string_view text,
                                                     std::int64_t max_length) const {
  require(max_length >= 2, "a sequence has at least 2 tokens, {} and {}; found max_length {}",
          token(cls_), token(sep_), max_length);
  std::vector<std::int64_t> ids = encode(text);
  if (static_cast<std::int64_t>(ids.size()) > max_length - 2) ids.resize(max_length - 2);
  ids.insert(ids.begin(), cls_);
  ids.push_back(sep_);
  return ids;
}

std::pair<std::vector<std::int64_t>, std::vector<std::int64_t>> WordPiece::encode_pair(
    std::string_view a, std::string_view b, std::int64_t max_length) const {
  require(max_length >= 3, "a pair has at least 3 tokens, {} and two {}; found max_length {}",
          token(cls_), token(sep_), max_length);
  const std::vector<std::int64_t> first = encode(a);
  const std::vector<std::int64_t> second = encode(b);
  const auto [first_kept, second_kept] =
      truncate_longest_first(static_cast<std::int64_t>(first.size()),
                             static_cast<std::int64_t>(second.size()), max_length - 3);
  std::vector<std::int64_t> ids = {cls_};
  ids.insert(ids.end(), first.begin(), first.begin() + first_kept);
  ids.push_back(sep_);
  std::vector<std::int64_t> type_ids(ids.size(), 0);
  ids.insert(ids.end(), second.begin(), second.begin() + second_kept);
  ids.push_back(sep_);
  type_ids.resize(ids.size(), 1);
  return {std::move(ids), std::move(type_ids)};
}

bool WordPiece::is_special(std::int64_t id) const { return id >= 0 && id < size() && special_[id]; }

const std::string& WordPiece::token(std::int64_t id) const {
  require(id >= 0 && id < size(), "no token has id {}; the vocabulary has {}", id, size());
  return tokens_[id];
}

}  // namespace braid
