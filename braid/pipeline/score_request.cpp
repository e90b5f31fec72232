#include "braid/pipeline/score_request.h"

#include "braid/error.h"
#include "braid/tasks/causal_text.h"
#include "braid/text/lines.h"

namespace braid {

ScoredText ScoreRequest::load(const Model& model) const {
  ScoredText loaded;
  if (!scores_tokens()) {
    require(!data.empty() && text.empty() && batches.empty(),
            "`task` {} is measured on `data` FILE.tsv", task);
    const Task& glue = find_task(task);
    loaded =
        encode(glue, read_labelled_lines(glue, data, lines), WordPiece::from_folder(model.folder),
               std::min(max_length, model.network->max_positions()));
    check_text(model, loaded);
    return loaded;
  }
  require(data.empty(), "`data` is for GLUE tasks; name one with `task`");
  require(text.empty() != batches.empty(), "give either `text` FILE or `batches` FILE.safetensors");
  const bool causal = task == "clm";
  require(causal == model.network->is_causal(), "{}: is a {} model, which `task` {} measures",
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

OptionList options_of(ScoreRequest& r) {
  std::vector<std::string> tasks = {"mlm", "clm"};
  for (const Task& task : glue_tasks()) tasks.push_back(task.name);
  OptionList list;
  list.add("task", r.task,
           "What is measured: mlm (masked tokens), clm (next tokens) or a GLUE task")
      .one_of(std::move(tasks));
  list.add("data", r.data, "The GLUE task's tab-separated file, such as dev.tsv").as(Use::input);
  list.add("max-length", r.max_length, "Tokens of a GLUE example").from(3).to(1 << 20);
  list.add("text", r.text, "Text file, cut into blocks; for mlm masked from the seed")
      .as(Use::input);
  list.add("batches", r.batches,
           "safetensors file of input_ids and labels (N, T) int64, -100 = not scored")
      .as(Use::input);
  list.add("block", r.masking.block,
           "Tokens a sequence, with [CLS] and [SEP]; at most the model's positions")
      .from(1);
  list.add("mask-probability", r.masking.probability, "Of each ordinary token").from(0).to(1);
  list.add("seed", r.masking.seed, "Of the masking");
  list.add("character-spaced", r.masking.character_spaced,
           "Every character a word, as the paper's code reads its text");
  list.add("lines", r.lines, "Only the first N lines; 0 = all").from(0).also("evaluate-lines");
  return list;
}

nlohmann::json provenance(const ScoreRequest& request) {
  ScoreRequest copy = request;
  return options_of(copy).values({Use::result, Use::input});
}

nlohmann::json result_json(const ScoreRequest& request) {
  ScoreRequest copy = request;
  return options_of(copy).values({Use::result});
}

}  // namespace braid
