#include "braid/pipeline/score_request.h"

#include "braid/checkpoint/fingerprint.h"
#include "braid/tasks/image.h"

namespace braid {

OptionList options_of(ScoreRequest& r) {
  std::vector<std::string> names;
  for (const Task* task : tasks()) names.emplace_back(task->name());
  OptionList list;
  list.add("task", r.task,
           "Task to measure: mlm (masked tokens), clm (next tokens), a GLUE task, sts (sentence "
           "embeddings) or image")
      .one_of(std::move(names))
      .otherwise("the model's pretraining task");
  list.add("data", r.data, "The task's file: tab-separated, such as dev.tsv, or images.safetensors")
      .as(Use::input);
  list.add("score-range", r.score_range,
           "Lowest and highest score in data, such as 0,1; for stsb and sts")
      .otherwise("0,5");
  list.add("max-length", r.example, "Maximum tokens per GLUE example")
      .from(3)
      .to(1 << 20)
      .otherwise("128, or the model's positions");
  list.add("text", r.text, "Text file, cut into blocks; masked at random for mlm").as(Use::input);
  list.add("batches", r.batches,
           "safetensors file of input_ids and labels (N, T), -100 = not scored, optionally "
           "attention_mask, token_type_ids, position_ids, as Hugging Face models take them")
      .as(Use::input);
  list.add("block", r.block, "Tokens per sequence, including [CLS] and [SEP]")
      .from(1)
      .otherwise("128, or the model's positions");
  list.add("mask-probability", r.masking.probability, "Probability of masking an ordinary token")
      .from(0)
      .to(1);
  list.add("seed", r.masking.seed, "Seed of the masking");
  list.add("character-spaced", r.masking.character_spaced,
           "Treat every character as a word, as the paper's code does");
  list.add("lines", r.lines, "Only the first N lines; 0 = all").from(0).also("evaluate-lines");
  return list;
}

ScoreRequest ScoreRequest::resolved(const Model& model) const {
  ScoreRequest full = *this;
  if (task.empty()) {
    full.task =
        model.network->reads_images() ? image_task().name() : token_task(*model.network).name();
  }
  full.block = full.masking.block = sequence_length(*model.network, block, masking.block, "block");
  // A sentence encoder sets the length of sentences.
  const bool sentence = model.sentence && find_task(full.task).head() == Predicts::sentence;
  const std::int64_t longest = sentence ? model.sentence->longest : max_length;
  full.example = full.max_length =
      sequence_length(*model.network, example,
                      longest > 0 ? longest : model.network->max_positions(), "max-length");
  return full;
}

nlohmann::json provenance(const ScoreRequest& request) {
  ScoreRequest copy = request;
  nlohmann::json all = options_of(copy).values({Use::result, Use::input});
  all["fingerprint"] = fingerprint_text(MappedFile::open(request.file())->bytes());
  return all;
}

nlohmann::json result_json(const ScoreRequest& request) {
  ScoreRequest copy = request;
  return options_of(copy).values({Use::result});
}

}  // namespace braid
