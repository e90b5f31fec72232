#include "braid/connectivity/score_request.h"

#include "braid/error.h"
#include "braid/tasks/causal_text.h"
#include "braid/text/lines.h"

namespace braid {

ScoredText ScoreRequest::load(const Model& model) const {
  ScoredText loaded;
  if (!scores_tokens()) {
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
  const bool causal = task == "clm";
  require(causal == model.network->is_causal(), "{}: is a {} model, which --task {} measures",
          model.folder.string(), model.symmetries.family,
          model.network->is_causal() ? "clm" : "mlm");
  MaskingOptions options = masking;
  options.block = std::min(options.block, model.network->max_positions());
  if (!batches.empty()) {
    loaded = load_token_text(batches, masking.batch_size, causal);
  } else if (causal) {
    loaded =
        causal_text(text, *load_tokenizer(model.folder), options.block, masking.batch_size, lines);
  } else {
    loaded =
        mask_text(read_lines(text, lines), WordPiece::from_folder(model.folder), options, text);
  }
  check_text(model, loaded);
  return loaded;
}

nlohmann::json ScoreRequest::provenance() const {
  if (!scores_tokens()) {
    return {{"task", task}, {"data", data}, {"max_length", max_length}, {"lines", lines}};
  }
  if (!batches.empty()) return {{"task", task}, {"batches", batches}};
  if (task == "clm")
    return {{"task", task}, {"text", text}, {"block", masking.block}, {"lines", lines}};
  return {{"task", task},           {"text", text},
          {"block", masking.block}, {"mask_probability", masking.probability},
          {"seed", masking.seed},   {"character_spaced", masking.character_spaced},
          {"lines", lines}};
}

}  // namespace braid
