// ScoreRequest: a measurement asked for, as the command line, study files and programs do.
#pragma once

#include "braid/pipeline/options.h"
#include "braid/tasks/evaluate.h"
#include "braid/tasks/tasks.h"

namespace braid {

struct ScoreRequest : TaskInput {
  std::string task = "mlm";

  // What to score, for a model and by its tokenizer. Error where they do not go together.
  Examples load(const Model& model) const { return load_examples(find_task(task), *this, model); }
  // Predicted tokens, masked or next, rather than examples?
  bool scores_tokens() const { return find_task(task).head() == Predicts::token; }
  // The file that is read.
  const std::string& file() const { return find_task(task).file(*this); }
};

OptionList options_of(ScoreRequest& request);

// All of it, for provenance; without the files, for keys.
nlohmann::json provenance(const ScoreRequest& request);
nlohmann::json result_json(const ScoreRequest& request);

}  // namespace braid
