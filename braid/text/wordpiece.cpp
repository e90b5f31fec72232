#include "braid/text/wordpiece.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "braid/error.h"

namespace braid {
namespace {

NormalizerOptions choose_normalizer(const WordPieceOptions& options) {
  return {.clean_text = options.clean_text,
          .chinese_chars = options.chinese_chars,
          .strip_accents = options.strip_accents.value_or(options.lower_case),
          .lower_case = options.lower_case};
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
  template_ = {{cls_}, {sep_}, {{sep_}}, true};
  options_ = options;
  const bool plain = std::none_of(added.begin(), added.end(), [](const AddedToken& token) {
    return token.lstrip || token.rstrip || token.single_word || token.normalized;
  });
  has_only_pieces_ = description.pieces == size() && added.size() == 5 && plain;
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

bool WordPiece::is_special(std::int64_t id) const { return id >= 0 && id < size() && special_[id]; }

const std::string& WordPiece::token(std::int64_t id) const {
  require(id >= 0 && id < size(), "no token has id {}; the vocabulary has {}", id, size());
  return tokens_[id];
}

TokenizerFiles WordPiece::files() const {
  const bool usual = options_.clean_text && options_.max_word_characters == 100 &&
                     options_.prefix == "##" && has_only_pieces_;
  require(usual,
          "this WordPiece tokenizer has added tokens or settings that a vocab.txt does not hold; "
          "copy the files of its folder");
  std::string words;
  for (const std::string& token : tokens_) words += token + "\n";
  nlohmann::json config = {{"do_lower_case", options_.lower_case},
                           {"tokenizer_class", "BertTokenizer"},
                           {"cls_token", options_.cls_token},
                           {"sep_token", options_.sep_token},
                           {"pad_token", options_.pad_token},
                           {"unk_token", options_.unk_token},
                           {"mask_token", options_.mask_token},
                           {"strip_accents", nullptr},
                           {"tokenize_chinese_chars", options_.chinese_chars}};
  if (options_.strip_accents) config["strip_accents"] = *options_.strip_accents;
  return {{"vocab.txt", words}, {"tokenizer_config.json", config.dump(2) + "\n"}};
}

}  // namespace braid
