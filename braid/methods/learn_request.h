// LearnRequest: training on a text, asked for in words, as the command line and study files do: to
// learn an alignment, or to heal a merged model.
#pragma once

#include "braid/methods/learn_alignment.h"
#include "braid/training/token_steps.h"

namespace braid {

struct LearnRequest {
  std::string text, batches;  // files: one of them
  std::string parts;          // what may move, with commas; empty: LearnOptions' own
  std::int64_t block = 64;    // tokens a sequence of `text`
  MaskedBatches masking;      // of `text`; its seed is the options'
  LearnOptions options;

  // The batches that are trained on: `text`, masked anew at every step or as it stands, or
  // `batches`. What they depend on goes into `identity`. The model must outlive them.
  StepSource steps(const Model& model, nlohmann::json& identity) const;
  // Error naming a part that is none.
  std::set<std::string> learnt_parts() const;
  nlohmann::json provenance() const;
};

// From `start`, towards a low loss on the request's text. Goes on from `state` where that file
// exists.
Alignment learn(const Model& a, const Model& b, const Alignment& start, const LearnRequest& request,
                const std::filesystem::path& state, const TrainingLog& log, const Compute& compute);

}  // namespace braid
