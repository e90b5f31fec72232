// Examples: the sequences that a task scores or trains on, and how they are run together.
#pragma once

#include <optional>

#include "braid/networks/sequences.h"

namespace braid {

class Task;

using Batches = std::vector<std::vector<std::size_t>>;  // which sequences go together

struct Examples {
  const Task* task = nullptr;
  std::vector<TokenSequence> sequences;
  Batches batches = {};
  std::int64_t width = 0;                  // tokens that every batch is padded to; 0 = its longest
  std::int64_t skipped = 0;                // rows of the file that are left out
  std::vector<std::int64_t> outputs = {};  // the model's of each class; empty: they are the classes

  std::int64_t size() const { return static_cast<std::int64_t>(sequences.size()); }
  std::int64_t tokens() const;  // what marks a sequence among them
};

// `size` sequences at a time, in order.
Batches batches_in_order(const std::vector<TokenSequence>& sequences, std::int64_t size);

// Sequences of similar length together, about 2,048 tokens: little padding. `group` of them in a
// row stay together.
Batches batches_by_length(const std::vector<TokenSequence>& sequences, std::size_t group = 1);

// Sequences that are run together, and what is expected of a head's outputs: for tokens a row for
// each of the R that are scored, otherwise one for each sequence.
struct ExampleBatch {
  Batch batch;
  at::Tensor places;    // (R) int64: scored tokens in the flattened batch; undefined but for tokens
  at::Tensor expected;  // (R) int64: their labels; otherwise (B) float64: targets
};
ExampleBatch make_batch(const std::vector<TokenSequence>& sequences, std::optional<Predicts> head,
                        std::int64_t width = 0, at::Device device = at::kCPU);

// Of all ids, labels and targets: what makes two sets of sequences the same.
std::string fingerprint(const std::vector<TokenSequence>& sequences);

}  // namespace braid
