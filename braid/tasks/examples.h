// Examples: the sequences that a task scores or trains on, and their batches.
#pragma once

#include <optional>

#include "braid/networks/sequences.h"

namespace braid {

class Task;

using Batches = std::vector<std::vector<std::size_t>>;  // indices of sequences

struct Examples {
  const Task* task = nullptr;
  std::vector<TokenSequence> sequences;
  Batches batches = {};
  std::int64_t width = 0;                  // tokens that batches are padded to; 0 = their longest
  std::int64_t skipped = 0;                // rows of the file
  std::vector<std::int64_t> outputs = {};  // the model's output of each class; empty: in order

  std::int64_t size() const { return static_cast<std::int64_t>(sequences.size()); }
  std::int64_t tokens() const;  // including special tokens
};

// Batches of `size` sequences, in order.
Batches batches_in_order(const std::vector<TokenSequence>& sequences, std::int64_t size);

// Batches of similar length and about 2,048 tokens, for little padding. Each group of `group`
// consecutive sequences stays together.
Batches batches_by_length(const std::vector<TokenSequence>& sequences, std::size_t group = 1);

// A batch with the targets of a head's outputs: one for each of the R scored tokens, or one for
// each of the B sequences.
struct ExampleBatch {
  Batch batch;
  at::Tensor places;    // (R) int64, indices in the flattened batch; undefined for sequences
  at::Tensor expected;  // tokens: (R) int64 labels; sequences: (B) float64 targets
};
ExampleBatch make_batch(const std::vector<TokenSequence>& sequences, std::optional<Predicts> head,
                        std::int64_t width = 0, at::Device device = at::kCPU);

// Fingerprint of all ids, types, positions, labels and targets.
std::string fingerprint(const std::vector<TokenSequence>& sequences);

}  // namespace braid
