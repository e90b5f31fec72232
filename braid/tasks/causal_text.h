// Causal text: what a next-token loss is measured on. A text is one stream of tokens, cut into
// blocks without overlap; every token but the first is predicted once, from what its block has
// before it.
#pragma once

#include "braid/tasks/token_text.h"
#include "braid/text/tokenizer.h"

namespace braid {

// Block after block of the ids, `size` + 1 tokens each: the last is the next block's first. The
// last block may be shorter, of 2 tokens at least.
std::vector<std::vector<std::int64_t>> overlapping_blocks(const std::vector<std::int64_t>& ids,
                                                          std::int64_t size);

// The file, white space and all, or its first `lines` lines (0 = all), in blocks of `block` inputs.
// Error where it has no two tokens.
TokenText causal_text(const std::filesystem::path& file, const Tokenizer& tokenizer,
                      std::int64_t block, std::int64_t batch_size, std::int64_t lines = 0);

}  // namespace braid
