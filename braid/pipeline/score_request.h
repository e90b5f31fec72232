// ScoreRequest: a measurement asked for, as the command line, study files and programs do.
#pragma once

#include "braid/pipeline/options.h"
#include "braid/tasks/evaluate.h"
#include "braid/tasks/tasks.h"

namespace braid {

struct ScoreRequest : TaskInput {
  std::string task;                              // empty: what the model is pretrained on
  std::optional<std::int64_t> block, example{};  // tokens of text, of an example; none: 128 at most

  // With all that was left to the model. Error where it has not so many positions.
  ScoreRequest resolved(const Model& model) const;
  // Of a resolved request: what to score, by the model's tokenizer. Error where they do not go
  // together.
  Examples load(const Model& model) const { return load_examples(find_task(task), *this, model); }
  // Predicted tokens, masked or next, rather than examples?
  bool scores_tokens() const { return task.empty() || find_task(task).head() == Predicts::token; }
  // The file that is read.
  const std::string& file() const { return find_task(task).file(*this); }
};

OptionList options_of(ScoreRequest& request);

// All of it, for provenance, with what is in the file; without the files, for keys.
nlohmann::json provenance(const ScoreRequest& request);
nlohmann::json result_json(const ScoreRequest& request);

}  // namespace braid
