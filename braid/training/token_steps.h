// Training losses: a task's loss over one batch per step, in parts. Networks and tasks must outlive
// the sources.
#pragma once

#include "braid/tasks/token_task.h"
#include "braid/training/loop.h"

namespace braid {

struct DropoutRates {
  double hidden = 0, attention = 0;
};

// The contribution of these examples to the mean loss over the `scored` ones of a step, by a
// forward pass in compute.dtype with dropout from `seed`.
StepPart example_part(const Network& network, const Task& task,
                      const std::vector<TokenSequence>& sequences, std::int64_t scored,
                      const DropoutRates& dropout, std::uint64_t seed, const Compute& compute = {});

// Options of training on text.
struct MaskedBatches {
  std::int64_t batch_size = 32;  // sequences per step
  double mask_probability = 0.3;
  std::uint64_t seed = 0;
};

struct TokenStepOptions {
  std::int64_t batch_size = 32;  // sequences per step
  std::uint64_t seed = 0;
  TokenTask::Draw draw;  // redraws labels at each step; null: the sequences have labels
  DropoutRates dropout = {};
  Compute compute = {};  // dtype of the passes
};

// Trains on the sequences in a new order every epoch. The loss of a step is the mean over its
// scored tokens, in nats. Without `draw`, a batch has at most all sequences.
StepSource token_steps(const Network& network, const TokenTask& task,
                       std::vector<TokenSequence> sequences, const TokenStepOptions& options);

}  // namespace braid
