#include "braid/tasks/sequence_stream.h"

#include <algorithm>

#include "braid/checkpoint/mapped_file.h"
#include "braid/error.h"
#include "braid/tasks/causal_text.h"

namespace braid {

SequenceStream::SequenceStream(const std::filesystem::path& file, const Task* task,
                               const Tokenizer& tokenizer, std::int64_t max_length,
                               std::int64_t limit, bool blocks)
    : task_(task), tokenizer_(tokenizer), max_length_(max_length), limit_(limit) {
  if (task_) {
    pairs_ = dynamic_cast<const WordPiece*>(&tokenizer);
    require(pairs_ != nullptr, "{}: examples of {} are encoded by WordPiece, found {}",
            file.string(), task_->title, tokenizer.kind());
    rows_ = read_labelled_lines(*task_, file, limit);
    return;
  }
  if (blocks) {
    require(tokenizer.sequence_marks().empty(),
            "{}: text is read in blocks by models whose sequences have no marks; {} has some",
            file.string(), tokenizer.kind());
    blocks_ = overlapping_blocks(tokenizer.encode(MappedFile::open(file)->bytes()), max_length);
    for (auto& block : blocks_)
      block.resize(std::min(block.size(), static_cast<std::size_t>(max_length)));
    if (limit > 0 && limit < std::ssize(blocks_)) blocks_.resize(static_cast<std::size_t>(limit));
    require(!blocks_.empty(), "{}: holds no text", file.string());
    return;
  }
  stream_.emplace(file, limit);
  line_ = stream_->next();
  require(line_.has_value(), "{}: holds no text", file.string());
}

TokenSequence SequenceStream::next() {
  TokenSequence sequence;
  if (task_) {
    if (sequences_ == std::ssize(rows_.lines)) return sequence;
    sequence =
        encode(*task_, rows_.lines[static_cast<std::size_t>(sequences_)], *pairs_, max_length_);
  } else if (!blocks_.empty()) {
    if (sequences_ == std::ssize(blocks_)) return sequence;
    sequence.ids = blocks_[static_cast<std::size_t>(sequences_)];
  } else {
    if (!line_) return sequence;
    sequence.ids = tokenizer_.encode_sequence(*line_, max_length_);
    line_ = stream_->next();
  }
  ++sequences_;
  return sequence;
}

std::int64_t SequenceStream::done() const {
  return task_ || limit_ || !blocks_.empty() ? sequences_ : stream_->bytes_read();
}

std::int64_t SequenceStream::total() const {
  if (!blocks_.empty()) return std::ssize(blocks_);
  return task_ ? std::ssize(rows_.lines) : limit_ ? limit_ : stream_->bytes();
}

void require_same_vocabulary(const Tokenizer& a, const std::string& source_a, const Tokenizer& b,
                             const std::string& source_b) {
  require(a.size() == b.size(), "the vocabularies differ: {} tokens in {}, {} in {}", a.size(),
          source_a, b.size(), source_b);
  for (std::int64_t id = 0; id < a.size(); ++id) {
    require(a.token(id) == b.token(id),
            "the vocabularies differ: token {} is '{}' in {} and '{}' in {}", id, a.token(id),
            source_a, b.token(id), source_b);
  }
}

}  // namespace braid
