// What a Hugging Face checkpoint folder says about its WordPiece tokenizer, checked.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "braid/text/added_tokens.h"

namespace braid {

struct WordPieceOptions {
  bool lower_case = true;
  std::optional<bool> strip_accents = std::nullopt;  // not given: as lower_case
  bool clean_text = true;                            // drop controls, make all white space a space
  bool chinese_chars = true;                         // CJK ideographs are words of their own
  int max_word_characters = 100;                     // longer words are [UNK]
  std::string prefix = "##";                         // of pieces that continue a word
  std::string unk_token = "[UNK]";
  std::string cls_token = "[CLS]";
  std::string sep_token = "[SEP]";
  std::string pad_token = "[PAD]";
  std::string mask_token = "[MASK]";
};

struct TokenizerDescription {
  std::string source;               // the file, for messages
  std::vector<std::string> tokens;  // by id; no gaps
  std::int64_t pieces = 0;          // the first so many are WordPiece's, the rest only added tokens
  std::vector<AddedToken> added;
  WordPieceOptions options;
};

// The tokens of a vocab.txt, by id. Error naming the file.
std::vector<std::string> read_vocabulary(const std::filesystem::path& file);

// From tokenizer.json if there is one, else from vocab.txt; tokenizer_config.json, if there is one,
// names the special tokens and, for vocab.txt only, says how text is normalised. (tokenizer.json is
// believed over tokenizer_config.json where they differ.) Throws Error naming the file.
TokenizerDescription read_tokenizer(const std::filesystem::path& folder);

}  // namespace braid
