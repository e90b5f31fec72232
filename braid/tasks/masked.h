// Masked tokens (Devlin et al. 2019). Scored tokens are drawn once from a seed, so that every point
// of every curve sees the same ones (method.md, The loss barrier).
#pragma once

#include "braid/tasks/token_task.h"

namespace braid {

const TokenTask& masked_task();  // "mlm"

// Masks ordinary tokens in place and labels them: 80% the mask, 10% a random ordinary token, 10%
// kept. Throws if the tokenizer has no mask token.
void mask_tokens(TokenSequence& sequence, const Tokenizer& tokenizer, double probability,
                 Random& random);

// All lines as one stream of tokens, cut into sequences of at most `size` tokens, including the
// tokenizer's special tokens around each.
std::vector<TokenSequence> marked_blocks(const std::vector<std::string>& lines,
                                         const Tokenizer& tokenizer, std::int64_t size,
                                         bool character_spaced = false);

// Throws, naming `source`, if the text is empty or no token is scored.
Examples mask_text(const std::vector<std::string>& lines, const Tokenizer& tokenizer,
                   const MaskingOptions& options, const std::string& source);

}  // namespace braid
