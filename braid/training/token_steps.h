// What training minimises: a task's loss over a batch a step, in parts. Networks and tasks must
// outlive the sources.
#pragma once

#include "braid/tasks/token_task.h"
#include "braid/training/loop.h"

namespace braid {

struct DropoutRates {
  double hidden = 0, attention = 0;
};

// The share of these examples in the mean loss over all `scored` of a step, by a forward pass in
// compute.dtype, dropped out from `seed`.
StepPart example_part(const Network& network, const Task& task,
                      const std::vector<TokenSequence>& sequences, std::int64_t scored,
                      const DropoutRates& dropout, std::uint64_t seed, const Compute& compute = {});

// Masked text to train on, as users ask for it.
struct MaskedBatches {
  std::int64_t batch_size = 32;  // sequences a step
  double mask_probability = 0.3;
  std::uint64_t seed = 0;
};

struct TokenStepOptions {
  std::int64_t batch_size = 32;  // sequences a step
  std::uint64_t seed = 0;
  TokenTask::Draw draw;  // of labels, anew each time; null: the sequences have theirs
  DropoutRates dropout = {};
  Compute compute = {};  // its dtype: of the passes
};

// Sequences in an order of its own every epoch. The loss of a step is the mean over its scored
// tokens, in nats. Fewer sequences than a batch are a batch each epoch, unless they are drawn anew.
StepSource token_steps(const Network& network, const TokenTask& task,
                       std::vector<TokenSequence> sequences, const TokenStepOptions& options);

}  // namespace braid
