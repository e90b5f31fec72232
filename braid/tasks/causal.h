// Next-token prediction: a text is one stream of tokens, cut into blocks without overlap; every
// token but the first is predicted once, from the preceding tokens of its block. Every block starts
// with the special tokens that start a sequence.
#pragma once

#include "braid/tasks/token_task.h"

namespace braid {

const TokenTask& causal_task();  // "clm"

// Blocks of `size` tokens: the special tokens `marks` and then ids of the text, each labelled with
// the next id. Marks have label -100; the last label is the first id of the next block, or -100 at
// the end of the text. The last block may be shorter, with at least 2 tokens of text. Throws if the
// marks fill a block.
std::vector<TokenSequence> next_token_blocks(const std::vector<std::int64_t>& ids,
                                             std::int64_t size,
                                             const std::vector<std::int64_t>& marks = {});

// Blocks of the file's first `lines` lines (0 = all), with the tokenizer's special tokens. Throws
// if it also ends sequences with one: a continuous text has no ends.
std::vector<TokenSequence> next_token_blocks(const std::filesystem::path& file,
                                             const Tokenizer& tokenizer, std::int64_t size,
                                             std::int64_t lines = 0);

// The file, white space included, or its first `lines` lines (0 = all), in blocks of `block`
// inputs. Throws if it has fewer than two tokens.
Examples causal_text(const std::filesystem::path& file, const Tokenizer& tokenizer,
                     std::int64_t block, std::int64_t batch_size, std::int64_t lines = 0);

}  // namespace braid
