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
    std::vector<TokenSequence> blocks = next_token_blocks(tokenizer.encode(read_text(text)), size);
    std::erase_if(blocks, [&](const TokenSequence& block) {
      return block.size() != size || block.labels.back() == -100;
    });
    require(!blocks.empty(), "{}: does not fill one block of {} tokens", text.string(), size);
    return blocks;
  }
};

}  // namespace

const TokenTask& causal_task() {
  static const Causal task;
  return task;
}

std::vector<TokenSequence> next_token_blocks(const std::vector<std::int64_t>& ids,
                                             std::int64_t size) {
  require(size >= 1, "a block of {} tokens is none; use at least 1", size);
  std::vector<TokenSequence> blocks;
  for (std::int64_t begin = 0; begin + 1 < std::ssize(ids); begin += size) {
    const auto at = [&](std::int64_t place) {
      return ids.begin() + std::min(place, std::ssize(ids));
    };
    TokenSequence& block = blocks.emplace_back();
    block.ids.assign(at(begin), at(begin + size));
    block.labels.assign(at(begin + 1), at(begin + size + 1));
    block.labels.resize(block.ids.size(), -100);
  }
  return blocks;
}

Examples causal_text(const std::filesystem::path& file, const Tokenizer& tokenizer,
                     std::int64_t block, std::int64_t batch_size, std::int64_t lines) {
  Examples examples{&causal_task(),
                    next_token_blocks(tokenizer.encode(read_text(file, lines)), block)};
  require(!examples.sequences.empty(), "{}: the text has no two tokens, so none can be predicted",
          file.string());
  // Nothing follows the text's last token: it is no input.
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
