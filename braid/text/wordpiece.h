// BERT's WordPiece tokenizer, with the same ids as Hugging Face's fast tokenizer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "braid/text/added_tokens.h"
#include "braid/text/basic_tokens.h"
#include "braid/text/tokenizer.h"
#include "braid/text/tokenizer_description.h"
#include "braid/text/vocabulary.h"

namespace braid {

class WordPiece final : public Tokenizer {
 public:
  // Throws if a special token is missing.
  explicit WordPiece(WordPieceDescription description);

  // Token i has id i; the last of equal tokens wins. Throws if one of BERT's five special tokens is
  // missing.
  static WordPiece from_vocabulary(std::vector<std::string> tokens, WordPieceOptions options = {});

  const char* kind() const override { return "WordPiece"; }
  std::vector<std::int64_t> encode(std::string_view text) const override;

  // [CLS] a [SEP], or [CLS] a [SEP] b [SEP] with type 1 after the first [SEP]; a folder may define
  // other special tokens, or none.
  const SequenceTemplate& sequence_template() const override { return template_; }

  std::int64_t size() const override { return table_.size(); }
  std::optional<std::int64_t> pad() const override { return table_.role("pad_token"); }
  std::optional<std::int64_t> mask() const override { return table_.role("mask_token"); }
  std::optional<std::int64_t> start_of_text() const override { return table_.role("bos_token"); }
  std::optional<std::int64_t> end_of_text() const override { return table_.role("eos_token"); }
  std::int64_t unk() const { return unk_; }

  bool is_special(std::int64_t id) const override { return table_.is_special(id); }
  const std::string& token(std::int64_t id) const override { return table_.token(id); }

  // tokenizer.json and tokenizer_config.json, and a vocab.txt if that suffices as well.
  TokenizerFiles files() const override;
  Reading reading() const override;
  std::unique_ptr<Tokenizer> united_with(const Tokenizer& other) const override;

 private:
  void append_words(std::string_view normalized, std::vector<std::int64_t>& ids) const;

  WordPieceDescription description_;
  TokenTable table_;
  Vocabulary vocabulary_;
  TextNormalizer normalizer_;
  AddedTokenMatcher added_;             // matched in the original text
  AddedTokenMatcher added_normalized_;  // matched in the normalised text
  std::int64_t unk_;
  SequenceTemplate template_;
};

}  // namespace braid
