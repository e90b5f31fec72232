// ScoreRequest: a measurement as the command line, study files and programs request it.
#pragma once

#include "braid/pipeline/options.h"
#include "braid/tasks/evaluate.h"
#include "braid/tasks/tasks.h"

namespace braid {

struct ScoreRequest : TaskInput {
  std::string task;                              // empty: the model's pretraining task
  std::optional<std::int64_t> block, example{};  // tokens per block, per example; unset: up to 128

  // With unset values filled in from the model. Throws if it has too few positions.
  ScoreRequest resolved(const Model& model) const;
  // REQUIRES a resolved request. The examples to score, by the model's tokenizer. Throws if they do
  // not fit the model.
  Examples load(const Model& model) const { return load_examples(find_task(task), *this, model); }
  // Are predicted tokens scored (masked or next), rather than examples?
  bool scores_tokens() const { return task.empty() || find_task(task).head() == Predicts::token; }
  // The file that is read.
  const std::string& file() const { return find_task(task).file(*this); }
};

OptionList options_of(ScoreRequest& request);

// The request for provenance, with the file's fingerprint; and for cache keys, without files.
nlohmann::json provenance(const ScoreRequest& request);
nlohmann::json result_json(const ScoreRequest& request);

}  // namespace braid
