// Next tokens: a text is one stream of tokens, cut into blocks without overlap; every token but the
// first is predicted once, from what its block has before it.
#pragma once

#include "braid/tasks/token_task.h"

namespace braid {

const TokenTask& causal_task();  // "clm"

// Block after block of the ids, `size` each, labelled with the ids that come next: the last label
// is the next block's first id, -100 at the end of the text. The last block may be shorter, of 2
// tokens at least.
std::vector<TokenSequence> next_token_blocks(const std::vector<std::int64_t>& ids,
                                             std::int64_t size);

// The file, white space and all, or its first `lines` lines (0 = all), in blocks of `block` inputs.
// Error where it has no two tokens.
Examples causal_text(const std::filesystem::path& file, const Tokenizer& tokenizer,
                     std::int64_t block, std::int64_t batch_size, std::int64_t lines = 0);

}  // namespace braid
