// Tokenizer: text to token ids, the same ids as Hugging Face's fast tokenizer of a checkpoint, and
// the roles that models give to some of them.
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

// How text is read, in words that no id is in, by the keys of a tokenizer's files: what has the
// same tokens and reads alike gives every text the same tokens (reading.h).
using Reading = std::map<std::string, std::string>;

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  virtual const char* kind() const = 0;  // "WordPiece", "byte-level BPE", "Unigram"

  // The pieces' ids, without what marks a sequence ([CLS] and [SEP]). A special token written in
  // the text becomes its id. Broken UTF-8 counts as U+FFFD.
  virtual std::vector<std::int64_t> encode(std::string_view text) const = 0;

  virtual std::int64_t size() const = 0;
  // Ids outside the vocabulary are not.
  virtual bool is_special(std::int64_t id) const = 0;
  // Error if there is no such id.
  virtual const std::string& token(std::int64_t id) const = 0;

  virtual const SequenceTemplate& sequence_template() const = 0;
  virtual std::optional<std::int64_t> mask() const { return std::nullopt; }
  virtual std::optional<std::int64_t> pad() const { return std::nullopt; }
  virtual std::optional<std::int64_t> end_of_text() const { return std::nullopt; }

  virtual Reading reading() const { return {{"kind", kind()}}; }
  // What a checkpoint folder needs to hold, to be read as this. Error where that cannot be written.
  virtual TokenizerFiles files() const = 0;
  // One with the tokens that `text` needs, which gives it the same tokens, numbered anew in the old
  // order. Error where the kind has no such part.
  virtual std::unique_ptr<Tokenizer> restricted_to(std::string_view text) const;

  // One with the tokens of both, this one's first under their ids. Error where the two read text in
  // other ways, or the kind cannot be so.
  virtual std::unique_ptr<Tokenizer> united_with(const Tokenizer& other) const;

  // All by id; "": an id without one.
  std::vector<std::string> tokens() const;
  // The ids of the template, each once.
  std::vector<std::int64_t> marks() const;
  // The text as a sequence of its own, with what marks one, cut to `max_length` tokens (Error where
  // the marks alone are more).
  std::vector<std::int64_t> encode_sequence(std::string_view text, std::int64_t max_length) const;
  // Both texts as one sequence and its type ids, the longer text cut first ("longest_first") so
  // that all fits into `max_length` tokens. Error where the marks alone are more, or there are no
  // pairs.
  std::pair<std::vector<std::int64_t>, std::vector<std::int64_t>> encode_pair(
      std::string_view a, std::string_view b, std::int64_t max_length) const;
  // mask(). Error where there is none.
  std::int64_t mask_needed() const;
};

// As transformers' AutoTokenizer reads the folder; see tokenizer_files.h. Error naming the folder
// or the file.
std::unique_ptr<Tokenizer> load_tokenizer(const std::filesystem::path& folder);

// Of a model that reads no text: Error, naming `source`, wherever text is to be read.
std::unique_ptr<Tokenizer> no_tokenizer(const std::string& source);

// None where the folder has no file of a tokenizer; Error where it has one that cannot be read.
std::unique_ptr<Tokenizer> find_tokenizer(const std::filesystem::path& folder);

}  // namespace braid
