#include "braid/tasks/causal.h"

#include <algorithm>

#include "braid/error.h"
#include "braid/text/lines.h"

namespace braid {
namespace {

class Causal final : public TokenTask {
 public:
  const char* name() const override { return "clm"; }
  const char* title() const override { return "Next token"; }
  bool is_causal() const override { return true; }

  Examples load(const TaskInput& input, const Tokenizer& tokenizer,
                std::int64_t positions) const override {
    return causal_text(input.text, tokenizer, std::min(input.masking.block, positions),
                       input.masking.batch_size, input.lines);
  }

  std::vector<TokenSequence> training_blocks(const std::filesystem::path& text,
                                             const Tokenizer& tokenizer,
                                             std::int64_t size) const override {
    std::vector<TokenSequence> blocks = next_token_blocks(text, tokenizer, size);
    std::erase_if(blocks, [&](const TokenSequence& block) {
      return block.size() != size || block.labels.back() == -100;
    });
    require(!blocks.empty(), "{}: shorter than one block of {} tokens", text.string(), size);
    return blocks;
  }
};

}  // namespace

const TokenTask& causal_task() {
  static const Causal task;
  return task;
}

std::vector<TokenSequence> next_token_blocks(const std::vector<std::int64_t>& ids,
                                             std::int64_t size,
                                             const std::vector<std::int64_t>& marks) {
  const std::int64_t room = size - std::ssize(marks);
  require(room >= 1, "a block of {} tokens has no room for text; use at least {}", size,
          marks.size() + 1);
  std::vector<TokenSequence> blocks;
  for (std::int64_t begin = 0; begin + 1 < std::ssize(ids); begin += room) {
    const auto at = [&](std::int64_t place) {
      return ids.begin() + std::min(place, std::ssize(ids));
    };
    TokenSequence& block = blocks.emplace_back();
    block.ids = marks;
    block.ids.insert(block.ids.end(), at(begin), at(begin + room));
    block.labels.assign(marks.size(), -100);
    block.labels.insert(block.labels.end(), at(begin + 1), at(begin + room + 1));
    block.labels.resize(block.ids.size(), -100);
  }
  return blocks;
}

std::vector<TokenSequence> next_token_blocks(const std::filesystem::path& file,
                                             const Tokenizer& tokenizer, std::int64_t size,
                                             std::int64_t lines) {
  const SequenceTemplate& marks = tokenizer.sequence_template();
  if (!marks.after.empty()) {
    fail(
        "{}: next tokens need a continuous text, but this {} tokenizer ends sequences with {}; use "
        "one that adds no token at the end",
        file.string(), tokenizer.kind(), tokenizer.token(marks.after.front()));
  }
  return next_token_blocks(tokenizer.encode(read_text(file, lines)), size, marks.before);
}

Examples causal_text(const std::filesystem::path& file, const Tokenizer& tokenizer,
                     std::int64_t block, std::int64_t batch_size, std::int64_t lines) {
  Examples examples{&causal_task(), next_token_blocks(file, tokenizer, block, lines)};
  require(!examples.sequences.empty(),
          "{}: the text has fewer than two tokens, so none can be predicted", file.string());
  // Nothing follows the text's last token, so it is not an input.
  TokenSequence& last = examples.sequences.back();
  if (last.labels.back() == -100) {
    last.ids.pop_back();
    last.labels.pop_back();
  }
  examples.width = examples.sequences.front().size();
  examples.batches = batches_in_order(examples.sequences, batch_size);
  return examples;
}

}  // namespace braid
