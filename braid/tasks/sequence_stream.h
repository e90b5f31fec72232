// SequenceStream: the texts that models are aligned on, one at a time: the lines of a text file, or
// the examples of a task's file, encoded as the task encodes them.
#pragma once

#include <optional>

#include "braid/networks/sequences.h"
#include "braid/tasks/labelled_text.h"
#include "braid/text/lines.h"
#include "braid/text/wordpiece.h"

namespace braid {

class SequenceStream {
 public:
  // Without a task, a line is a sequence, or, with `blocks`, `max_length` tokens of the whole text
  // as it stands, for models whose sequences have no marks. At most `limit` of them (0 = all), of
  // `max_length` tokens each. Error where the file holds none. The tokenizer must outlive this.
  SequenceStream(const std::filesystem::path& file, const Task* task, const Tokenizer& tokenizer,
                 std::int64_t max_length, std::int64_t limit, bool blocks = false);

  // The next one; empty at the end.
  TokenSequence next();

  std::int64_t sequences() const { return sequences_; }  // handed out so far
  // How far this is, in bytes of text or in sequences.
  std::int64_t done() const;
  std::int64_t total() const;

 private:
  const Task* task_;
  const Tokenizer& tokenizer_;
  const WordPiece* pairs_ = nullptr;  // of a task
  std::int64_t max_length_, limit_, sequences_ = 0;
  std::optional<LineStream> stream_;  // of a text
  std::optional<std::string> line_;   // read ahead
  LabelledLines rows_;                // of a task
  std::vector<std::vector<std::int64_t>> blocks_;
};

// Error naming the first difference unless both read the same ids as the same words.
void require_same_vocabulary(const Tokenizer& a, const std::string& source_a, const Tokenizer& b,
                             const std::string& source_b);

}  // namespace braid
