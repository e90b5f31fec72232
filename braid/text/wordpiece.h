// BERT's WordPiece tokenizer: text to token ids, the same ids as Hugging Face's fast tokenizer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
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

  // [CLS] a [SEP], or [CLS] a [SEP] b [SEP] with type 1 after the first [SEP].
  const SequenceTemplate& sequence_template() const override { return template_; }

  std::int64_t size() const override { return static_cast<std::int64_t>(tokens_.size()); }
  std::int64_t cls() const { return cls_; }
  std::int64_t sep() const { return sep_; }
  std::optional<std::int64_t> pad() const override { return pad_; }
  std::optional<std::int64_t> mask() const override { return mask_; }
  std::int64_t unk() const { return unk_; }

  // Of the five above or another special token.
  bool is_special(std::int64_t id) const override;
  const std::string& token(std::int64_t id) const override;

  // vocab.txt and tokenizer_config.json. Error where these do not say all that this one does.
  TokenizerFiles files() const override;

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
  SequenceTemplate template_;
  WordPieceOptions options_;
  bool has_only_pieces_;  // no added tokens but the five
};

}  // namespace braid
