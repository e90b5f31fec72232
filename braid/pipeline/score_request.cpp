#include "braid/pipeline/score_request.h"

namespace braid {

OptionList options_of(ScoreRequest& r) {
  std::vector<std::string> names;
  for (const Task* task : tasks()) names.emplace_back(task->name());
  OptionList list;
  list.add("task", r.task,
           "What is measured: mlm (masked tokens), clm (next tokens) or a GLUE task")
      .one_of(std::move(names));
  list.add("data", r.data, "The GLUE task's tab-separated file, such as dev.tsv").as(Use::input);
  list.add("max-length", r.max_length, "Tokens of a GLUE example").from(3).to(1 << 20);
  list.add("text", r.text, "Text file, cut into blocks; for mlm masked from the seed")
      .as(Use::input);
  list.add("batches", r.batches,
           "safetensors file of input_ids and labels (N, T), -100 = not scored, and perhaps "
           "attention_mask, token_type_ids, position_ids, as Hugging Face's models take them")
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
