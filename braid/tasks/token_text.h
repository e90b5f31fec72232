// TokenText: token ids and, at every position, the token that a language model should predict
// there: the one under the mask, or the one that comes next.
#pragma once

#include <filesystem>

#include "braid/networks/sequences.h"

namespace braid {

struct TokenBatch {
  Batch batch;        // (B, T)
  at::Tensor labels;  // (B, T) int64, -100 = not scored
};

struct TokenText {
  std::vector<TokenBatch> batches;
  std::int64_t scored_tokens = 0;
  std::int64_t tokens = 0;
};

// Batches of whole sequences, (N, T) each; `mask` is true at tokens.
TokenText in_batches(const at::Tensor& ids, const at::Tensor& mask, const at::Tensor& labels,
                     std::int64_t batch_size);

// `labels` as Hugging Face has them for next-token prediction, the token at i itself, moved to
// where it is predicted: one position earlier, the first one dropped.
at::Tensor next_token_labels(const at::Tensor& labels);

// The token ids as they stand, without padding.
std::vector<TokenSequence> sequences_of(const TokenText& text);

// input_ids, labels and perhaps attention_mask, (N, T) int64, from a safetensors file. `causal`:
// labels are Hugging Face's for next-token prediction.
TokenText load_token_text(const std::filesystem::path& file, std::int64_t batch_size,
                          bool causal = false);

}  // namespace braid
