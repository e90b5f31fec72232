// What a tokenizer is, before it is made: the one account of a checkpoint folder's tokenizer files.
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

// The tokens of a model, which text is cut into. Of equal ones the last counts.
struct Pieces {
  std::vector<std::string> by_id;  // "" where an id has none, or one of no text
  std::int64_t count = 0;          // that of no text among them

  // Of a vocab.txt: the id of a token is the last line that has it.
  static Pieces of_lines(std::vector<std::string> lines);
};

struct TokenizerDescription {
  std::string source;  // the file of the pieces, for messages
  Pieces pieces;
  std::vector<AddedToken> added;             // of an id that a piece has too, these count
  std::map<std::string, std::string> names;  // of special tokens, by role: "mask_token"
  std::vector<std::string> extra;            // special tokens without a role
};

struct WordPieceOptions {
  bool lower_case = true;
  std::optional<bool> strip_accents = std::nullopt;  // not given: as lower_case
  bool clean_text = true;                            // drop controls, make all white space a space
  bool chinese_chars = true;                         // CJK ideographs are words of their own
  int max_word_characters = 100;                     // longer words are unknown
  std::string prefix = "##";                         // of pieces that continue a word
  std::string unk_token = "[UNK]";                   // for unknown words; a piece

  bool operator==(const WordPieceOptions&) const = default;
};

struct WordPieceDescription : TokenizerDescription {
  WordPieceOptions options;
  std::optional<std::pair<std::string, std::string>> marks;  // of a sequence: [CLS] and [SEP]
};

// The other models: the parts of a tokenizer.json.
struct PipelineDescription : TokenizerDescription {
  nlohmann::json normalizer, pre_tokenizer, decoder;        // null: none
  nlohmann::json model;                                     // without its pieces and what follows
  std::vector<std::pair<std::string, std::string>> merges;  // BPE: the earliest learnt first
  std::vector<double> scores;                               // Unigram: by id
  SequenceTemplate form;
};

// The tokens of a description by id, and those that are special.
class TokenTable {
 public:
  explicit TokenTable(const TokenizerDescription& description);

  std::int64_t size() const { return static_cast<std::int64_t>(tokens_.size()); }
  // Error if there is no such id.
  const std::string& token(std::int64_t id) const;
  bool is_special(std::int64_t id) const;
  std::optional<std::int64_t> find(std::string_view token) const;
  // Of the token with this role.
  std::optional<std::int64_t> role(const std::string& name) const;

 private:
  std::vector<std::string> tokens_;
  std::vector<bool> special_;
  std::unordered_map<std::string, std::int64_t, StringHash, std::equal_to<>> ids_;
  std::map<std::string, std::int64_t> roles_;
};

}  // namespace braid
