// LearnRequest: training on a text, asked for in words, as the command line and study files do: to
// learn an alignment, or to heal a merged model.
#pragma once

#include "braid/training/learn_alignment.h"
#include "braid/training/token_steps.h"

namespace braid {

struct LearnRequest {
  std::string text, batches;  // files: one of them
  std::int64_t block = 64;    // tokens a sequence of `text`
  MaskedBatches masking;      // of `text`; its seed is the options'
  LearnOptions options;

  // The batches that are trained on: `text`, masked anew at every step or as it stands, or
  // `batches`. What they depend on goes into `identity`. The model must outlive them.
  StepSource steps(const Model& model, nlohmann::json& identity) const;
};

// From `start`, towards a low loss on the request's text. Goes on from `state` where that file
// exists.
Learned learn(const Model& a, const Model& b, const Alignment& start, const LearnRequest& request,
              const std::filesystem::path& state, const TrainingLog& log);

}  // namespace braid
