// token_steps: language-model losses, of masked or of next tokens, a batch a step. What
// pretraining, and learning an alignment, minimise. Networks must outlive the sources.
#pragma once

#include "braid/tasks/masked_text.h"
#include "braid/training/loop.h"

namespace braid {

struct DropoutRates {
  double hidden = 0, attention = 0;
};

struct MaskedBatches {
  std::int64_t batch_size = 32;  // sequences a step
  double mask_probability = 0.3;
  std::uint64_t seed = 0;
};

// Token blocks of one length, in an order of its own every epoch, masked anew at every step. The
// loss of a step is the mean over its scored tokens, in nats.
StepSource masked_steps(const Network& network, std::vector<std::vector<std::int64_t>> blocks,
                        const WordPiece& tokenizer, const MaskedBatches& batches);

// Blocks of one length, as overlapping_blocks cuts them, in an order of its own every epoch: each
// token is predicted from those before it.
StepSource causal_steps(const Network& network, std::vector<std::vector<std::int64_t>> blocks,
                        std::int64_t batch_size, std::uint64_t seed,
                        const DropoutRates& dropout = {});

// Sequences that are masked already, in an order of its own every epoch. Fewer than `batch_size` of
// them are a batch each epoch.
StepSource ready_steps(const Network& network, const TokenText& text, std::int64_t batch_size,
                       std::uint64_t seed);

}  // namespace braid
