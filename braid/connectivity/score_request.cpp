#include "braid/connectivity/score_request.h"

#include "braid/error.h"
#include "braid/text/lines.h"

namespace braid {

ScoredText ScoreRequest::load(const Model& model) const {
  ScoredText loaded;
  if (task != "mlm") {
    require(!data.empty() && text.empty() && batches.empty(),
            "--task {} is measured on --data FILE.tsv", task);
    const Task& glue = find_task(task);
    loaded =
        encode(glue, read_labelled_lines(glue, data, lines), WordPiece::from_folder(model.folder),
               std::min(max_length, model.network->max_positions()));
    check_text(model, loaded);
    return loaded;
  }
  require(data.empty(), "--data is for GLUE tasks; name one with --task");
  require(text.empty() != batches.empty(), "give either --text FILE or --batches FILE.safetensors");
  if (!batches.empty()) {
    loaded = load_masked_text(batches, masking.batch_size);
  } else {
    MaskingOptions options = masking;
    options.block = std::min(options.block, model.network->max_positions());
    loaded =
        mask_text(read_lines(text, lines), WordPiece::from_folder(model.folder), options, text);
  }
  check_text(model, loaded);
  return loaded;
}

nlohmann::json ScoreRequest::provenance() const {
  if (task != "mlm") {
    return {{"task", task}, {"data", data}, {"max_length", max_length}, {"lines", lines}};
  }
  if (!batches.empty()) return {{"task", task}, {"batches", batches}};
  return {{"task", task},           {"text", text},
          {"block", masking.block}, {"mask_probability", masking.probability},
          {"seed", masking.seed},   {"character_spaced", masking.character_spaced},
          {"lines", lines}};
}

}  // namespace braid
