// ScoreRequest: a measurement asked for, as the command line, study files and programs do.
#pragma once

#include "braid/connectivity/evaluate.h"
#include "braid/pipeline/options.h"

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
};

OptionList options_of(ScoreRequest& request);

// All of it, for provenance; without the files, for keys.
nlohmann::json provenance(const ScoreRequest& request);
nlohmann::json result_json(const ScoreRequest& request);

}  // namespace braid
