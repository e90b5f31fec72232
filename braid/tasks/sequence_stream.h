// SequenceStream: the token sequences that models are aligned on, one at a time.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "braid/networks/sequences.h"
#include "braid/text/tokenizer.h"

namespace braid {

class Task;

class SequenceStream {
 public:
  virtual ~SequenceStream() = default;

  // The next one, which may have no tokens; nullopt at the end.
  std::optional<TokenSequence> next();

  std::int64_t sequences() const { return sequences_; }  // returned so far
  // Progress towards total(), in sequences or the source's own unit.
  virtual std::int64_t done() const { return sequences_; }
  virtual std::int64_t total() const = 0;

 private:
  virtual std::optional<TokenSequence> read() = 0;

  std::int64_t sequences_ = 0;
};

// Sources return at most `limit` sequences (0 = all) of at most `max_length` tokens. Tokenizers
// must outlive them. They throw if a file has no sequences.

// One sequence per line; memory does not grow with the text.
std::unique_ptr<SequenceStream> line_sequences(const std::filesystem::path& file,
                                               const Tokenizer& tokenizer, std::int64_t max_length,
                                               std::int64_t limit);

// The whole text as one stream, in next_token_blocks of `max_length` tokens.
std::unique_ptr<SequenceStream> block_sequences(const std::filesystem::path& file,
                                                const Tokenizer& tokenizer, std::int64_t max_length,
                                                std::int64_t limit);

// Given sequences, such as pre-tokenised batches.
std::unique_ptr<SequenceStream> listed_sequences(std::vector<TokenSequence> sequences,
                                                 std::int64_t limit);

// A file that models are aligned on, and how it is read.
struct SequenceFile {
  std::filesystem::path file;
  const Task* task = nullptr;  // a file of this task's rows; null: a text
  bool batches = false;        // pre-tokenised batches instead
  bool blocks = false;         // read a text in blocks, not lines
  std::int64_t max_length = 512;
  std::int64_t limit = 0;
};
std::unique_ptr<SequenceStream> open_sequences(const SequenceFile& file,
                                               const Tokenizer& tokenizer);

}  // namespace braid
