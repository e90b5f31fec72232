// Pre-tokenised batches: token ids and labels as Hugging Face models take them.
#pragma once

#include <filesystem>

#include "braid/networks/sequences.h"

namespace braid {

struct ReadyBatches {
  std::vector<TokenSequence> sequences;  // the tokens with attention_mask 1
  std::int64_t width = 0;                // tokens per row of the file
};

// The token that predicts a label: its own (masked models), the one before it (causal models, as in
// Hugging Face), or none: labels are not read and may be missing.
enum class Labels { own, next, unread };

// Reads input_ids, labels and optionally attention_mask, token_type_ids, position_ids, (N, T)
// integers, from a safetensors file. Tokens with attention_mask 0 are dropped, wherever they are;
// the others keep their positions. Throws an Error that names the file and the tensor or row if
// they contradict each other, if a dropped token would have to predict, or on any other tensor.
ReadyBatches read_batches(const std::filesystem::path& file, Labels labels);

}  // namespace braid
