#include "braid/text/wordpiece.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "braid/error.h"
#include "braid/text/post_processor.h"
#include "braid/text/reading.h"
#include "braid/text/write_tokenizer.h"

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
    require(id.has_value(), "{}: special token '{}' is not among the {} tokens", source, token,
            size());
    return *id;
  };
  const std::vector<std::string>& pieces = description_.pieces.by_id;
  for (std::size_t id = 0; id < pieces.size(); ++id) {
    if (!pieces[id].empty()) vocabulary_.add(pieces[id], static_cast<std::int64_t>(id));
  }
  unk_ = vocabulary_.find(description_.options.unk_token);
  require(unk_ >= 0, "{}: unk_token '{}' is not one of the {} pieces", source,
          description_.options.unk_token, description_.pieces.count);
  template_ = {{}, {}, std::vector<std::int64_t>(), true};
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
  using Ordered = nlohmann::ordered_json;
  const WordPieceOptions& options = description_.options;
  const Pieces& pieces = description_.pieces;
  const std::vector<AddedToken>& added = description_.added;
  const std::map<std::string, std::string>& names = description_.names;
  const Ordered parts = {
      {"normalizer",
       {{"type", "BertNormalizer"},
        {"clean_text", options.clean_text},
        {"handle_chinese_chars", options.chinese_chars},
        {"strip_accents", options.strip_accents ? Ordered(*options.strip_accents) : Ordered()},
        {"lowercase", options.lower_case}}},
      {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
      {"post_processor",
       description_.marks ? Ordered(write_post_processor(template_, table_)) : Ordered()},
      {"decoder", {{"type", "WordPiece"}, {"prefix", options.prefix}, {"cleanup", true}}},
      {"model",
       {{"type", "WordPiece"},
        {"unk_token", options.unk_token},
        {"continuing_subword_prefix", options.prefix},
        {"max_input_chars_per_word", options.max_word_characters},
        {"vocab", vocabulary_json(pieces)}}}};
  TokenizerFiles files = {{"tokenizer.json", tokenizer_json_text(description_, parts)}};
  const auto is_piece = [&](const AddedToken& token) {
    return vocabulary_.find(token.content) == token.id;
  };
  const auto bert_roles = bert_names();
  const auto same_role = [](const auto& a, const auto& b) { return a.first == b.first; };
  const bool is_bert =
      options.clean_text && options.max_word_characters == 100 && options.prefix == "##" &&
      pieces.count == size() &&
      std::equal(names.begin(), names.end(), bert_roles.begin(), bert_roles.end(), same_role) &&
      std::all_of(added.begin(), added.end(), is_piece) && description_.marks &&
      description_.marks->first == names.at("cls_token") &&
      description_.marks->second == names.at("sep_token");
  Ordered config = {{"tokenizer_class", is_bert ? "BertTokenizer" : "PreTrainedTokenizerFast"}};
  if (is_bert) {
    // BERT's files, for programs that do not read tokenizer.json.
    std::string& words = files.emplace_back("vocab.txt", "").second;
    for (const std::string& token : pieces.by_id) words += token + "\n";
    config["do_lower_case"] = options.lower_case;
    config["strip_accents"] = parts["normalizer"]["strip_accents"];
    config["tokenize_chinese_chars"] = options.chinese_chars;
    for (const AddedToken& token : added) {
      config["added_tokens_decoder"][std::to_string(token.id)] = added_token_json(token);
    }
  }
  files.emplace_back("tokenizer_config.json",
                     tokenizer_config_text(description_, std::move(config)));
  return files;
}

Reading WordPiece::reading() const {
  Reading reading = reading_of(*this, description_, true);
  reading.merge(reading_of(description_.options));
  return reading;
}

std::unique_ptr<Tokenizer> WordPiece::united_with(const Tokenizer& other) const {
  const auto* that = dynamic_cast<const WordPiece*>(&other);
  require(that != nullptr, "the vocabularies differ in kind: {} and {}", kind(), other.kind());
  const WordPieceDescription &a = description_, &b = that->description_;
  require(a.options == b.options && a.names == b.names && a.marks == b.marks,
          "the tokenizers read text differently (lower case, accents, special tokens), so equal "
          "tokens have different meanings; use the vocabulary of one model");
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
            "both have the added token '{}', with different settings", token.content);
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
