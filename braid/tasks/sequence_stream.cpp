#include "braid/tasks/sequence_stream.h"

#include <algorithm>

#include "braid/error.h"
#include "braid/tasks/causal.h"
#include "braid/tasks/ready_batches.h"
#include "braid/tasks/task.h"
#include "braid/text/lines.h"

namespace braid {
namespace {

class Lines final : public SequenceStream {
 public:
  Lines(const std::filesystem::path& file, const Tokenizer& tokenizer, std::int64_t max_length,
        std::int64_t limit)
      : stream_(file, limit), tokenizer_(tokenizer), max_length_(max_length), limit_(limit) {
    line_ = stream_.next();
    require(line_.has_value(), "{}: has no text", file.string());
  }

  std::int64_t done() const override { return limit_ ? sequences() : stream_.bytes_read(); }
  std::int64_t total() const override { return limit_ ? limit_ : stream_.bytes(); }

 private:
  std::optional<TokenSequence> read() override {
    if (!line_) return std::nullopt;
    TokenSequence sequence;
    sequence.ids = tokenizer_.encode_sequence(*line_, max_length_);
    line_ = stream_.next();
    return sequence;
  }

  LineStream stream_;
  const Tokenizer& tokenizer_;
  std::int64_t max_length_, limit_;
  std::optional<std::string> line_;  // read ahead
};

class Listed final : public SequenceStream {
 public:
  explicit Listed(std::vector<TokenSequence> all) : all_(std::move(all)) {}

  std::int64_t total() const override { return std::ssize(all_); }

 private:
  std::optional<TokenSequence> read() override {
    if (sequences() == total()) return std::nullopt;
    return all_[static_cast<std::size_t>(sequences())];
  }

  std::vector<TokenSequence> all_;
};

}  // namespace

std::optional<TokenSequence> SequenceStream::next() {
  std::optional<TokenSequence> sequence = read();
  sequences_ += sequence.has_value();
  return sequence;
}

std::unique_ptr<SequenceStream> line_sequences(const std::filesystem::path& file,
                                               const Tokenizer& tokenizer, std::int64_t max_length,
                                               std::int64_t limit) {
  return std::make_unique<Lines>(file, tokenizer, max_length, limit);
}

std::unique_ptr<SequenceStream> listed_sequences(std::vector<TokenSequence> sequences,
                                                 std::int64_t limit) {
  if (limit > 0 && limit < std::ssize(sequences)) {
    sequences.resize(static_cast<std::size_t>(limit));
  }
  return std::make_unique<Listed>(std::move(sequences));
}

std::unique_ptr<SequenceStream> block_sequences(const std::filesystem::path& file,
                                                const Tokenizer& tokenizer, std::int64_t max_length,
                                                std::int64_t limit) {
  std::vector<TokenSequence> blocks = next_token_blocks(file, tokenizer, max_length);
  require(!blocks.empty(), "{}: has no text", file.string());
  return listed_sequences(std::move(blocks), limit);
}

std::unique_ptr<SequenceStream> open_sequences(const SequenceFile& file,
                                               const Tokenizer& tokenizer) {
  if (file.batches) {
    return listed_sequences(read_batches(file.file, Labels::unread).sequences, file.limit);
  }
  if (file.task) return file.task->rows(file.file, tokenizer, file.max_length, file.limit);
  const auto source = file.blocks ? block_sequences : line_sequences;
  return source(file.file, tokenizer, file.max_length, file.limit);
}

}  // namespace braid
