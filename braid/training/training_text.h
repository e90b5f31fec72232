// TrainingText: text for training a language model or an alignment.
#pragma once

#include "braid/models/model.h"
#include "braid/training/token_steps.h"

namespace braid {

struct TrainingText {
  std::string text, batches;          // files, one of which is given
  std::optional<std::int64_t> block;  // tokens per sequence of `text`; unset: up to 64
  MaskedBatches masking;              // of `text`, redrawn at every step
};

// The losses of its batches, in a new order every epoch, by passes in compute.dtype. Adds what they
// depend on to `identity`. The model must outlive the source. Throws, naming the file, if it does
// not fit the model.
StepSource training_steps(const Model& model, const TrainingText& text, const Compute& compute,
                          nlohmann::json& identity);

}  // namespace braid
