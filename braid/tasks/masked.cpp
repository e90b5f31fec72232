#include "braid/tasks/masked.h"

#include <unicode/utf8.h>

#include "braid/error.h"
#include "braid/text/lines.h"

namespace braid {
namespace {

std::string space_characters(const std::string& line) {
  std::string spaced;
  const auto size = static_cast<std::int32_t>(line.size());
  for (std::int32_t begin = 0; begin < size;) {
    std::int32_t end = begin;
    U8_FWD_1(line.data(), end, size);
    if (begin) spaced += ' ';
    spaced.append(line, static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
    begin = end;
  }
  return spaced;
}

class Masked final : public TokenTask {
 public:
  const char* name() const override { return "mlm"; }
  const char* title() const override { return "MLM"; }
  bool is_causal() const override { return false; }

  Examples load(const TaskInput& input, const Tokenizer& tokenizer,
                std::int64_t positions) const override {
    MaskingOptions masking = input.masking;
    masking.block = std::min(masking.block, positions);
    return mask_text(read_lines(input.text, input.lines), tokenizer, masking, input.text);
  }

  std::vector<TokenSequence> training_blocks(const std::filesystem::path& text,
                                             const Tokenizer& tokenizer,
                                             std::int64_t size) const override {
    std::vector<TokenSequence> blocks = marked_blocks(read_lines(text), tokenizer, size);
    if (!blocks.empty() && blocks.back().size() < size) blocks.pop_back();
    require(!blocks.empty(), "{}: shorter than one block of {} tokens", text.string(), size);
    return blocks;
  }

  Draw drawing(std::shared_ptr<const Tokenizer> tokenizer, double probability) const override {
    tokenizer->mask_needed();
    require(probability > 0,
            "a masking probability of 0 leaves nothing to predict (`mask-probability`, or "
            "`learn-mask` for learning and healing)");
    return [tokenizer, probability](TokenSequence& sequence, Random& random) {
      mask_tokens(sequence, *tokenizer, probability, random);
    };
  }
};

}  // namespace

const TokenTask& masked_task() {
  static const Masked task;
  return task;
}

void mask_tokens(TokenSequence& sequence, const Tokenizer& tokenizer, double probability,
                 Random& random) {
  const std::int64_t mask = tokenizer.mask_needed();
  sequence.labels.assign(sequence.ids.size(), -100);
  for (std::size_t i = 0; i < sequence.ids.size(); ++i) {
    std::int64_t& id = sequence.ids[i];
    if (tokenizer.is_special(id) || random.uniform() >= probability) continue;
    sequence.labels[i] = id;
    const double kind = random.uniform();
    if (kind < 0.8) {
      id = mask;
    } else if (kind < 0.9) {
      do {
        id = random.below(tokenizer.size());
      } while (tokenizer.is_special(id));
    }
  }
}

std::vector<TokenSequence> marked_blocks(const std::vector<std::string>& lines,
                                         const Tokenizer& tokenizer, std::int64_t size,
                                         bool character_spaced) {
  const SequenceTemplate& marks = tokenizer.sequence_template();
  const std::int64_t room = size - std::ssize(marks.before) - std::ssize(marks.after);
  require(room >= 1, "a block of {} tokens has only special tokens; use at least {}", size,
          size - room + 1);
  std::vector<TokenSequence> blocks;
  std::vector<std::int64_t> text;
  const auto close = [&] {
    TokenSequence& block = blocks.emplace_back();
    block.ids = marks.before;
    block.ids.insert(block.ids.end(), text.begin(), text.end());
    block.ids.insert(block.ids.end(), marks.after.begin(), marks.after.end());
    text.clear();
  };
  for (const std::string& line : lines) {
    for (const std::int64_t id :
         tokenizer.encode(character_spaced ? space_characters(line) : line)) {
      text.push_back(id);
      if (std::ssize(text) == room) close();
    }
  }
  if (!text.empty()) close();
  return blocks;
}

Examples mask_text(const std::vector<std::string>& lines, const Tokenizer& tokenizer,
                   const MaskingOptions& options, const std::string& source) {
  require(options.probability > 0 && options.probability <= 1,
          "`mask-probability` is {}, expected more than 0 and at most 1", options.probability);
  Examples text{&masked_task(),
                marked_blocks(lines, tokenizer, options.block, options.character_spaced)};
  require(!text.sequences.empty(), "{}: the text has no tokens", source);
  Random random(options.seed);
  bool scored = false;
  for (TokenSequence& sequence : text.sequences) {
    mask_tokens(sequence, tokenizer, options.probability, random);
    for (const std::int64_t label : sequence.labels) scored |= label != -100;
  }
  require(scored, "{}: no token was masked ({} tokens at probability {}); give more text", source,
          text.tokens(), options.probability);
  text.width = text.sequences.front().size();
  text.batches = batches_in_order(text.sequences, options.batch_size);
  return text;
}

}  // namespace braid
