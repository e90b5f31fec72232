#include "braid/tasks/masked_text.h"

#include <unicode/utf8.h>

#include "braid/error.h"

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

}  // namespace

std::vector<std::int64_t> mask_tokens(std::vector<std::int64_t>& ids, const WordPiece& tokenizer,
                                      double probability, Random& random) {
  std::vector<std::int64_t> labels(ids.size(), -100);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (tokenizer.is_special(ids[i]) || random.uniform() >= probability) continue;
    labels[i] = ids[i];
    const double kind = random.uniform();
    if (kind < 0.8) {
      ids[i] = tokenizer.mask();
    } else if (kind < 0.9) {
      do {
        ids[i] = random.below(tokenizer.size());
      } while (tokenizer.is_special(ids[i]));
    }
  }
  return labels;
}

std::vector<std::vector<std::int64_t>> token_blocks(const std::vector<std::string>& lines,
                                                    const WordPiece& tokenizer, std::int64_t size,
                                                    bool character_spaced) {
  require(size >= 3, "a block of {} tokens has no room between [CLS] and [SEP]; use at least 3",
          size);
  std::vector<std::vector<std::int64_t>> blocks;
  std::vector<std::int64_t> block = {tokenizer.cls()};
  const auto close = [&] {
    block.push_back(tokenizer.sep());
    blocks.push_back(std::move(block));
    block = {tokenizer.cls()};
  };
  for (const std::string& line : lines) {
    for (const std::int64_t id :
         tokenizer.encode(character_spaced ? space_characters(line) : line)) {
      block.push_back(id);
      if (static_cast<std::int64_t>(block.size()) == size - 1) close();
    }
  }
  if (block.size() > 1) close();
  return blocks;
}

TokenText mask_text(const std::vector<std::string>& lines, const WordPiece& tokenizer,
                    const MaskingOptions& options, const std::string& source) {
  require(options.probability > 0 && options.probability <= 1,
          "--mask-probability is {}, expected more than 0 and at most 1", options.probability);
  auto blocks = token_blocks(lines, tokenizer, options.block, options.character_spaced);
  require(!blocks.empty(), "{}: the text has no tokens", source);
  Random random(options.seed);
  const auto count = static_cast<std::int64_t>(blocks.size());
  const auto length = static_cast<std::int64_t>(blocks.front().size());
  at::Tensor ids = at::full({count, length}, tokenizer.pad(), at::kLong);
  at::Tensor labels = at::full({count, length}, -100, at::kLong);
  at::Tensor mask = at::zeros({count, length}, at::kBool);
  for (std::int64_t i = 0; i < count; ++i) {
    auto& block = blocks[static_cast<std::size_t>(i)];
    const auto block_labels = mask_tokens(block, tokenizer, options.probability, random);
    for (std::size_t j = 0; j < block.size(); ++j) {
      const std::int64_t at = i * length + static_cast<std::int64_t>(j);
      ids.data_ptr<std::int64_t>()[at] = block[j];
      labels.data_ptr<std::int64_t>()[at] = block_labels[j];
      mask.data_ptr<bool>()[at] = true;
    }
  }
  TokenText text = in_batches(ids, mask, labels, options.batch_size);
  require(text.scored_tokens > 0,
          "{}: no token was masked ({} tokens at probability {}); give more text", source,
          text.tokens, options.probability);
  return text;
}

}  // namespace braid
