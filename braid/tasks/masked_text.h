// Masked text: the fixed tokens that a masked-language-model loss is measured on. Masking is drawn
// once from a seed, so every point of every curve sees the same tokens (method.md section 5).
#pragma once

#include "braid/random.h"
#include "braid/tasks/token_text.h"
#include "braid/text/wordpiece.h"

namespace braid {

struct MaskingOptions {
  std::int64_t block = 128;  // tokens a sequence, [CLS] and [SEP] among them
  double probability = 0.15;
  std::uint64_t seed = 0;
  std::int64_t batch_size = 16;
  bool character_spaced = false;  // the authors' loader: every character a word
};

// Masks ordinary tokens of `ids` in place and returns their labels: 80% [MASK], 10% a random
// ordinary token, 10% kept (Devlin et al. 2019).
std::vector<std::int64_t> mask_tokens(std::vector<std::int64_t>& ids, const WordPiece& tokenizer,
                                      double probability, Random& random);

// All lines as one stream of tokens, cut into blocks of `size` - 2 between [CLS] and [SEP].
std::vector<std::vector<std::int64_t>> token_blocks(const std::vector<std::string>& lines,
                                                    const WordPiece& tokenizer, std::int64_t size,
                                                    bool character_spaced);

// Error where there is no text or no token to score.
TokenText mask_text(const std::vector<std::string>& lines, const WordPiece& tokenizer,
                    const MaskingOptions& options, const std::string& source);

}  // namespace braid
