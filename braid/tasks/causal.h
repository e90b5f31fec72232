// Next tokens: a text is one stream of tokens, cut into blocks without overlap; every token but the
// first is predicted once, from what its block has before it. What marks the start of a sequence
// starts every block.
#pragma once

#include "braid/tasks/token_task.h"

namespace braid {

const TokenTask& causal_task();  // "clm"

// Block after block of the text's ids, `size` each with the `marks` before them, labelled with the
// ids that come next: marks have -100, the last label is the next block's first id of the text,
// -100 at its end. The last block may be shorter, with 2 tokens of the text at least. Error where
// marks fill a block.
std::vector<TokenSequence> next_token_blocks(const std::vector<std::int64_t>& ids,
                                             std::int64_t size,
                                             const std::vector<std::int64_t>& marks = {});

// Those of the file's first `lines` lines (0 = all) as the tokenizer marks sequences. Error where
// it ends them with something: a text that goes on has no ends.
std::vector<TokenSequence> next_token_blocks(const std::filesystem::path& file,
                                             const Tokenizer& tokenizer, std::int64_t size,
                                             std::int64_t lines = 0);

// The file, white space and all, or its first `lines` lines (0 = all), in blocks of `block` inputs.
// Error where it has no two tokens.
Examples causal_text(const std::filesystem::path& file, const Tokenizer& tokenizer,
                     std::int64_t block, std::int64_t batch_size, std::int64_t lines = 0);

}  // namespace braid
