#include "braid/tasks/causal_text.h"

#include "braid/checkpoint/mapped_file.h"
#include "braid/error.h"

namespace braid {

std::vector<std::vector<std::int64_t>> overlapping_blocks(const std::vector<std::int64_t>& ids,
                                                          std::int64_t size) {
  require(size >= 1, "a block of {} tokens is none; use at least 1", size);
  std::vector<std::vector<std::int64_t>> blocks;
  for (std::int64_t begin = 0; begin + 1 < std::ssize(ids); begin += size) {
    const std::int64_t end = std::min(begin + size + 1, std::ssize(ids));
    blocks.emplace_back(ids.begin() + begin, ids.begin() + end);
  }
  return blocks;
}

TokenText causal_text(const std::filesystem::path& file, const Tokenizer& tokenizer,
                      std::int64_t block, std::int64_t batch_size, std::int64_t lines) {
  const auto mapped = MappedFile::open(file);
  std::string_view text = mapped->bytes();
  std::size_t end = 0;
  for (std::int64_t i = 0; i < lines && end < text.size(); ++i) {
    end = std::min(text.find('\n', end), text.size() - 1) + 1;
  }
  if (lines > 0) text = text.substr(0, end);
  const auto blocks = overlapping_blocks(tokenizer.encode(text), block);
  require(!blocks.empty(), "{}: the text has no two tokens, so none can be predicted",
          file.string());
  const auto count = std::ssize(blocks);
  const std::int64_t length = std::ssize(blocks.front()) - 1;
  at::Tensor ids = at::zeros({count, length}, at::kLong);
  at::Tensor labels = at::full({count, length}, -100, at::kLong);
  at::Tensor mask = at::zeros({count, length}, at::kBool);
  for (std::int64_t i = 0; i < count; ++i) {
    const auto& tokens = blocks[static_cast<std::size_t>(i)];
    const std::int64_t inputs = std::ssize(tokens) - 1, row = i * length;
    std::copy_n(tokens.begin(), inputs, ids.data_ptr<std::int64_t>() + row);
    std::copy_n(tokens.begin() + 1, inputs, labels.data_ptr<std::int64_t>() + row);
    std::fill_n(mask.data_ptr<bool>() + row, inputs, true);
  }
  return in_batches(ids, mask, labels, batch_size);
}

}  // namespace braid
