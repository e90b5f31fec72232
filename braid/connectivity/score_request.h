// ScoreRequest: a measurement asked for in words, as the command line and study files do.
#pragma once

#include "braid/connectivity/evaluate.h"

namespace braid {

struct ScoreRequest {
  std::string task = "mlm", text, batches, data;  // files; see load
  MaskingOptions masking;
  std::int64_t lines = 0;  // 0 = all
  std::int64_t max_length = 128;

  // Predicted tokens, masked or next, rather than labels of a GLUE task?
  bool scores_tokens() const { return task == "mlm" || task == "clm"; }
  // What to score, by the model's tokenizer: `batches` or `text` (masked for mlm, as it stands for
  // clm), `data` for a GLUE task. Error where they do not go together or do not fit the model.
  ScoredText load(const Model& model) const;
  // The file that is read.
  const std::string& file() const {
    return !scores_tokens() ? data : batches.empty() ? text : batches;
  }
  nlohmann::json provenance() const;
};

}  // namespace braid
