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

std::map<std::string, std::string> bert_names() {
  return {{"cls_token", "[CLS]"},
          {"mask_token", "[MASK]"},
          {"pad_token", "[PAD]"},
          {"sep_token", "[SEP]"},
          {"unk_token", "[UNK]"}};
}

}  // namespace

WordPiece WordPiece::from_vocabulary(std::vector<std::string> tokens, WordPieceOptions options) {
  WordPieceDescription description;
  description.source = "the vocabulary";
  description.pieces = Pieces::of_lines(std::move(tokens));
  description.options = std::move(options);
  description.names = bert_names();
  description.marks = {"[CLS]", "[SEP]"};
  const TokenTable table(description);
  for (const auto& [role, token] : description.names) {
    description.added.push_back({.content = token, .id = *table.role(role)});
  }
  return WordPiece(std::move(description));
}

WordPiece::WordPiece(WordPieceDescription description)
    : description_(std::move(description)),
      table_(description_),
      vocabulary_(description_.options.prefix),
      normalizer_(choose_normalizer(description_.options)) {
  const std::string& source = description_.source;
  const auto find = [&](const std::string& token) {
    const std::optional<std::int64_t> id = table_.find(token);
    require(id.has_value(), "{}: no special token '{}' among the {} tokens", source, token, size());
    return *id;
  };
  const std::vector<std::string>& pieces = description_.pieces.by_id;
  for (std::size_t id = 0; id < pieces.size(); ++id) {
    if (!pieces[id].empty()) vocabulary_.add(pieces[id], static_cast<std::int64_t>(id));
  }
  unk_ = vocabulary_.find(description_.options.unk_token);
  require(unk_ >= 0,
          "{}: the token for unknown words, '{}', is none of its {} pieces; expected it there",
          source, description_.options.unk_token, description_.pieces.count);
  template_ = {{}, {}, {{}}, true};
  if (description_.marks) {
    const std::int64_t cls = find(description_.marks->first),
                       sep = find(description_.marks->second);
    template_ = {{cls}, {sep}, {{sep}}, true};
  }
  for (const AddedToken& token : description_.added) {
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
    if (characters > description_.options.max_word_characters ||
        !vocabulary_.append_pieces(word, ids)) {
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

TokenizerFiles WordPiece::files() const {
  const WordPieceOptions& options = description_.options;
  const auto& [source, pieces, added, names, extra] =
      static_cast<const TokenizerDescription&>(description_);
  const auto is_piece = [&](const AddedToken& token) {
    return vocabulary_.find(token.content) == token.id;
  };
  const auto usual_roles = bert_names();
  const auto same_role = [](const auto& a, const auto& b) { return a.first == b.first; };
  const bool usual =
      options.clean_text && options.max_word_characters == 100 && options.prefix == "##" &&
      pieces.count == size() &&
      std::equal(names.begin(), names.end(), usual_roles.begin(), usual_roles.end(), same_role) &&
      std::all_of(added.begin(), added.end(), is_piece) && description_.marks &&
      description_.marks->first == names.at("cls_token") &&
      description_.marks->second == names.at("sep_token");
  require(
      usual,
      "this WordPiece tokenizer has settings that a vocab.txt does not hold; copy the files of its "
      "folder");
  std::string words;
  for (const std::string& token : pieces.by_id) words += token + "\n";
  nlohmann::json config = {{"do_lower_case", options.lower_case},
                           {"tokenizer_class", "BertTokenizer"},
                           {"strip_accents", nullptr},
                           {"tokenize_chinese_chars", options.chinese_chars}};
  if (options.strip_accents) config["strip_accents"] = *options.strip_accents;
  for (const auto& [role, token] : names) config[role] = token;
  // What goes without saying is the five roles' tokens, plain ones.
  for (const AddedToken& token : added) {
    config["added_tokens_decoder"][std::to_string(token.id)] = {
        {"content", token.content},         {"lstrip", token.lstrip},
        {"normalized", token.normalized},   {"rstrip", token.rstrip},
        {"single_word", token.single_word}, {"special", token.special}};
  }
  if (!extra.empty()) config["extra_special_tokens"] = extra;
  return {{"vocab.txt", words}, {"tokenizer_config.json", config.dump(2) + "\n"}};
}

std::unique_ptr<Tokenizer> WordPiece::united_with(const Tokenizer& other) const {
  const auto* that = dynamic_cast<const WordPiece*>(&other);
  require(that != nullptr, "one is of {}, the other of {}", kind(), other.kind());
  const WordPieceDescription &a = description_, &b = that->description_;
  require(a.options == b.options && a.names == b.names && a.marks == b.marks,
          "their tokenizers differ in how they read text (lower case, accents, special tokens), so "
          "tokens of one name mean different things; take the vocabulary of one model");
  WordPieceDescription both = a;
  std::vector<std::string> all = tokens();
  for (std::string& token : that->tokens()) {
    if (!token.empty() && !table_.find(token)) all.push_back(std::move(token));
  }
  both.pieces = Pieces::of_lines(std::move(all));
  const TokenTable table(both);
  for (AddedToken token : b.added) {
    token.id = *table.find(token.content);
    const auto same = [&](const AddedToken& known) { return known.content == token.content; };
    const auto known = std::find_if(both.added.begin(), both.added.end(), same);
    require(known == both.added.end() || *known == token,
            "both have the added token '{}', with other settings", token.content);
    if (known == both.added.end()) both.added.push_back(token);
  }
  for (const std::string& token : b.extra) {
    if (std::find(both.extra.begin(), both.extra.end(), token) == both.extra.end()) {
      both.extra.push_back(token);
    }
  }
  return std::make_unique<WordPiece>(std::move(both));
}

}  // namespace braid
