// Tokenizer: text to token ids, the same ids as Hugging Face's fast tokenizer of a checkpoint.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace braid {

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  virtual const char* kind() const = 0;  // "WordPiece", "byte-level BPE"

  // The pieces' ids, without what marks a sequence ([CLS] and [SEP]). A special token written in
  // the text becomes its id. Broken UTF-8 counts as U+FFFD.
  virtual std::vector<std::int64_t> encode(std::string_view text) const = 0;

  // The text as a sequence of its own, with what marks one, cut to `max_length` tokens.
  virtual std::vector<std::int64_t> encode_sequence(std::string_view text,
                                                    std::int64_t max_length) const = 0;
  // The ids that encode_sequence adds.
  virtual std::vector<std::int64_t> sequence_marks() const = 0;

  virtual std::int64_t size() const = 0;
  // Ids outside the vocabulary are not.
  virtual bool is_special(std::int64_t id) const = 0;
  // Throws Error if there is no such id.
  virtual const std::string& token(std::int64_t id) const = 0;
};

// By tokenizer.json where there is one, else by vocab.txt (WordPiece) or vocab.json with merges.txt
// (byte-level BPE). Error naming the folder or the file.
std::unique_ptr<Tokenizer> load_tokenizer(const std::filesystem::path& folder);

}  // namespace braid
