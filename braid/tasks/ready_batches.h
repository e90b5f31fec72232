// Ready batches: token ids and labels that somebody has prepared, as Hugging Face's models take
// them.
#pragma once

#include <filesystem>

#include "braid/networks/sequences.h"

namespace braid {

struct ReadyBatches {
  std::vector<TokenSequence> sequences;  // the tokens that attention_mask shows
  std::int64_t width = 0;                // tokens a row of the file
};

// Who predicts the label of a token: the token itself (masked models), the one before it (causal
// models, as Hugging Face has it), or nobody, and the file needs none.
enum class Labels { own, next, unread };

// input_ids, labels and perhaps attention_mask, token_type_ids, position_ids, (N, T) integers, from
// a safetensors file. Of a hidden token nothing is read, wherever it stands; the others keep their
// places. Error naming the file and the tensor or row where they do not go together, where a hidden
// token would have to predict, or a tensor that is none of these.
ReadyBatches read_batches(const std::filesystem::path& file, Labels labels);

}  // namespace braid
