// TrainingText: what a language model, or an alignment, is trained on.
#pragma once

#include "braid/models/model.h"
#include "braid/training/token_steps.h"

namespace braid {

struct TrainingText {
  std::string text, batches;          // files: one of them
  std::optional<std::int64_t> block;  // tokens a sequence of `text`; none: 64 at most
  MaskedBatches masking;              // of `text`, drawn anew at every step
};

// The losses of its batches, in an order of its own every epoch, by passes in compute.dtype. What
// they depend on goes into `identity`. The model must outlive them. Error naming the file that does
// not fit the model.
StepSource training_steps(const Model& model, const TrainingText& text, const Compute& compute,
                          nlohmann::json& identity);

}  // namespace braid
