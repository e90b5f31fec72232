// BERT's WordPiece tokenizer: text to token ids, the same ids as Hugging Face's fast tokenizer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "braid/text/added_tokens.h"
#include "braid/text/basic_tokens.h"
#include "braid/text/tokenizer.h"
#include "braid/text/tokenizer_files.h"
#include "braid/text/vocabulary.h"

namespace braid {

class WordPiece final : public Tokenizer {
 public:
  // From a Hugging Face checkpoint folder; see read_tokenizer. Throws Error naming the file.
  static WordPiece from_folder(const std::filesystem::path& folder);

  // Token i has id i. The five special tokens must be among them. Throws Error.
  static WordPiece from_vocabulary(std::vector<std::string> tokens, WordPieceOptions options = {});

  const char* kind() const override { return "WordPiece"; }
  std::vector<std::int64_t> encode(std::string_view text) const override;

  // [CLS] text [SEP], the text cut so that all fits into max_length tokens (2 at least).
  std::vector<std::int64_t> encode_sequence(std::string_view text,
                                            std::int64_t max_length) const override;
  std::vector<std::int64_t> sequence_marks() const override { return {cls_, sep_}; }

  // [CLS] a [SEP] b [SEP] and its type ids (0 up to the first [SEP], then 1), the longer text cut
  // first ("longest_first") so that all fits into max_length tokens (3 at least).
  std::pair<std::vector<std::int64_t>, std::vector<std::int64_t>> encode_pair(
      std::string_view a, std::string_view b, std::int64_t max_length) const;

  std::int64_t size() const override { return static_cast<std::int64_t>(tokens_.size()); }
  std::int64_t cls() const { return cls_; }
  std::int64_t sep() const { return sep_; }
  std::int64_t pad() const { return pad_; }
  std::int64_t mask() const { return mask_; }
  std::int64_t unk() const { return unk_; }

  // Of the five above or another special token.
  bool is_special(std::int64_t id) const override;
  const std::string& token(std::int64_t id) const override;

 private:
  explicit WordPiece(TokenizerDescription description);

  void append_words(std::string_view normalized, std::vector<std::int64_t>& ids) const;

  std::vector<std::string> tokens_;
  std::vector<bool> special_;
  Vocabulary vocabulary_;
  TextNormalizer normalizer_;
  AddedTokenMatcher added_;             // looked for in the text as written
  AddedTokenMatcher added_normalized_;  // looked for in the normalised text
  int max_word_characters_;
  std::int64_t unk_, cls_, sep_, pad_, mask_;
};

}  // namespace braid
