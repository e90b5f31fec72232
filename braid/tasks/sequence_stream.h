// SequenceStream: texts as a model reads them, one at a time: what models are aligned on.
#pragma once

#include <filesystem>
#include <memory>

#include "braid/networks/sequences.h"
#include "braid/text/tokenizer.h"

namespace braid {

class Task;

class SequenceStream {
 public:
  virtual ~SequenceStream() = default;

  // The next one; empty at the end.
  TokenSequence next();

  std::int64_t sequences() const { return sequences_; }  // handed out so far
  // How far this is, of total(), in sequences or what else the source counts.
  virtual std::int64_t done() const { return sequences_; }
  virtual std::int64_t total() const = 0;

 private:
  virtual TokenSequence read() = 0;

  std::int64_t sequences_ = 0;
};

// Sources hand out at most `limit` sequences (0 = all) of at most `max_length` tokens. Tokenizers
// must outlive them. Error where a file holds none.

// A line is a sequence; memory does not grow with the text.
std::unique_ptr<SequenceStream> line_sequences(const std::filesystem::path& file,
                                               const Tokenizer& tokenizer, std::int64_t max_length,
                                               std::int64_t limit);

// The whole text as it stands, in next_token_blocks of `max_length` tokens.
std::unique_ptr<SequenceStream> block_sequences(const std::filesystem::path& file,
                                                const Tokenizer& tokenizer, std::int64_t max_length,
                                                std::int64_t limit);

// Those at hand, such as ready batches.
std::unique_ptr<SequenceStream> listed_sequences(std::vector<TokenSequence> sequences,
                                                 std::int64_t limit);

// A file that models are aligned on, and how it is read.
struct SequenceFile {
  std::filesystem::path file;
  const Task* task = nullptr;  // whose rows are read; none: a text
  bool batches = false;        // or: ready batches
  bool blocks = false;         // of a text, rather than lines
  std::int64_t max_length = 512;
  std::int64_t limit = 0;
};
std::unique_ptr<SequenceStream> open_sequences(const SequenceFile& file,
                                               const Tokenizer& tokenizer);

}  // namespace braid
