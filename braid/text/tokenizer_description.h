// Description of a tokenizer, read from a checkpoint folder's files before the tokenizer is built.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "braid/text/added_tokens.h"
#include "braid/text/sequence_template.h"

namespace braid {

// The tokens of a model. The last of equal tokens wins.
struct Pieces {
  std::vector<std::string> by_id;  // "" for an id without a token or with an empty one
  std::int64_t count = 0;          // including an empty one

  // From a vocab.txt; the id of a token is the last line that has it.
  static Pieces of_lines(std::vector<std::string> lines);
};

struct TokenizerDescription {
  std::string source;  // the file of the pieces, for messages
  Pieces pieces;
  std::vector<AddedToken> added;             // override pieces with the same id
  std::map<std::string, std::string> names;  // of special tokens, by role: "mask_token"
  std::vector<std::string> extra;            // special tokens without a role
};

struct WordPieceOptions {
  bool lower_case = true;
  std::optional<bool> strip_accents = std::nullopt;  // default: lower_case
  bool clean_text = true;                            // drop controls, turn white space into spaces
  bool chinese_chars = true;                         // CJK ideographs are words of their own
  int max_word_characters = 100;                     // longer words are unknown
  std::string prefix = "##";                         // of pieces that continue a word
  std::string unk_token = "[UNK]";                   // for unknown words; a piece

  bool operator==(const WordPieceOptions&) const = default;
};

struct WordPieceDescription : TokenizerDescription {
  WordPieceOptions options;
  std::optional<std::pair<std::string, std::string>> marks;  // around a sequence: [CLS] and [SEP]
};

// Other tokenizers: the parts of a tokenizer.json.
struct PipelineDescription : TokenizerDescription {
  nlohmann::json normalizer, pre_tokenizer, decoder;        // null: none
  nlohmann::json model;                                     // without pieces, merges and scores
  std::vector<std::pair<std::string, std::string>> merges;  // BPE: the earliest learnt first
  std::vector<double> scores;                               // Unigram: by id
  SequenceTemplate form;
};

// The tokens of a description by id, and the special ones among them.
class TokenTable {
 public:
  explicit TokenTable(const TokenizerDescription& description);

  std::int64_t size() const { return static_cast<std::int64_t>(tokens_.size()); }
  // Throws if there is no such id.
  const std::string& token(std::int64_t id) const;
  bool is_special(std::int64_t id) const;
  std::optional<std::int64_t> find(std::string_view token) const;
  // Id of the token with this role.
  std::optional<std::int64_t> role(const std::string& name) const;

 private:
  std::vector<std::string> tokens_;
  std::vector<bool> special_;
  std::unordered_map<std::string, std::int64_t, StringHash, std::equal_to<>> ids_;
  std::map<std::string, std::int64_t> roles_;
};

}  // namespace braid
