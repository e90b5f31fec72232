// Ready batches: token ids and labels that somebody has prepared, as Hugging Face's models take
// them.
#pragma once

#include <filesystem>

#include "braid/networks/sequences.h"

namespace braid {

struct ReadyBatches {
  std::vector<TokenSequence> sequences;  // without padding; labels as they stand in the file
  std::int64_t width = 0;                // tokens a row of the file
};

// input_ids, labels and perhaps attention_mask, (N, T) int64, from a safetensors file. Error naming
// the file and the tensor or row where they do not go together, padding is not at the end, or a
// label is on it.
ReadyBatches read_batches(const std::filesystem::path& file);

// `labels` as Hugging Face has them for next-token prediction, the token at i itself, moved to
// where it is predicted: one position earlier, the first one dropped.
std::vector<std::int64_t> next_token_labels(const std::vector<std::int64_t>& labels);

}  // namespace braid
