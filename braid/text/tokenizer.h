// Tokenizer: from text to the same token ids as Hugging Face's fast tokenizer of a checkpoint, and
// the roles of special tokens.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "braid/text/sequence_template.h"

namespace braid {

// Names and contents of a tokenizer's files in a checkpoint folder.
using TokenizerFiles = std::vector<std::pair<std::string, std::string>>;

// How text is read, without ids, by the keys of a tokenizer's files. Tokenizers with equal tokens
// and equal readings give every text the same tokens (reading.h).
using Reading = std::map<std::string, std::string>;

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  virtual const char* kind() const = 0;  // "WordPiece", "byte-level BPE", "Unigram"

  // The ids of the text, without special tokens around it ([CLS] and [SEP]). A special token
  // written in the text becomes its id. Broken UTF-8 counts as U+FFFD.
  virtual std::vector<std::int64_t> encode(std::string_view text) const = 0;

  virtual std::int64_t size() const = 0;
  // False for ids outside the vocabulary.
  virtual bool is_special(std::int64_t id) const = 0;
  // Throws if there is no such id.
  virtual const std::string& token(std::int64_t id) const = 0;

  virtual const SequenceTemplate& sequence_template() const = 0;
  virtual std::optional<std::int64_t> mask() const { return std::nullopt; }
  virtual std::optional<std::int64_t> pad() const { return std::nullopt; }
  virtual std::optional<std::int64_t> start_of_text() const { return std::nullopt; }
  virtual std::optional<std::int64_t> end_of_text() const { return std::nullopt; }

  virtual Reading reading() const { return {{"kind", kind()}}; }
  // The files of a checkpoint folder with this tokenizer. Throws if they cannot represent it.
  virtual TokenizerFiles files() const = 0;
  // A tokenizer with only the tokens that `text` needs, renumbered in the same order; it gives
  // `text` the same tokens. Throws if the kind does not support this.
  virtual std::unique_ptr<Tokenizer> restricted_to(std::string_view text) const;

  // A tokenizer with the tokens of both; this one's keep their ids. Throws if the two read text
  // differently, or the kind does not support this.
  virtual std::unique_ptr<Tokenizer> united_with(const Tokenizer& other) const;

  // All tokens by id; "" for an id without one.
  std::vector<std::string> tokens() const;
  // The ids of the template's special tokens, each once.
  std::vector<std::int64_t> marks() const;
  // The text with special tokens, truncated to `max_length` tokens. Throws if the special tokens
  // alone are more.
  std::vector<std::int64_t> encode_sequence(std::string_view text, std::int64_t max_length) const;
  // Both texts as one sequence and its type ids, truncated to `max_length` tokens, the longer text
  // first ("longest_first"). Throws if the special tokens alone are more, or there are no pairs.
  std::pair<std::vector<std::int64_t>, std::vector<std::int64_t>> encode_pair(
      std::string_view a, std::string_view b, std::int64_t max_length) const;
  // mask(). Throws if there is none.
  std::int64_t mask_needed() const;
};

// The tokenizer that transformers' AutoTokenizer loads; see tokenizer_files.h. Throws, naming the
// folder or file.
std::unique_ptr<Tokenizer> load_tokenizer(const std::filesystem::path& folder);

// For a model that does not read text: throws, naming `source`, if text is read.
std::unique_ptr<Tokenizer> no_tokenizer(const std::string& source);

// Null if the folder has no tokenizer files; throws if it has some that cannot be read.
std::unique_ptr<Tokenizer> find_tokenizer(const std::filesystem::path& folder);

}  // namespace braid
