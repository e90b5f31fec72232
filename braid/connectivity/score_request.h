// ScoreRequest: a measurement asked for in words, as the command line and study files do.
#pragma once

#include "braid/tasks/evaluate.h"
#include "braid/tasks/tasks.h"

namespace braid {

struct ScoreRequest : TaskInput {
  std::string task = "mlm";

  // What to score, for a model and by its tokenizer. Error where they do not go together.
  Examples load(const Model& model) const { return load_examples(find_task(task), *this, model); }
  // Predicted tokens, masked or next, rather than examples?
  bool scores_tokens() const { return find_task(task).reads() == Reads::tokens; }
  // The file that is read.
  const std::string& file() const { return find_task(task).file(*this); }
  nlohmann::json provenance() const { return find_task(task).provenance(*this); }
};

}  // namespace braid
