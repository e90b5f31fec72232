#include "braid/training/training_text.h"

#include <algorithm>

#include "braid/checkpoint/fingerprint.h"
#include "braid/checkpoint/mapped_file.h"
#include "braid/tasks/evaluate.h"
#include "braid/tasks/tasks.h"
#include "braid/text/tokenizer.h"

namespace braid {

StepSource training_steps(const Model& model, const TrainingText& text, const Compute& compute,
                          nlohmann::json& identity) {
  const MaskedBatches& masking = text.masking;
  identity.update(
      {{"batch", masking.batch_size}, {"mask", masking.mask_probability}, {"seed", masking.seed}});
  if (compute.dtype != at::kFloat) identity["precision"] = at::toString(compute.dtype);
  const TokenTask& task = token_task(*model.network);
  TokenStepOptions stepping{masking.batch_size, masking.seed, {}};
  stepping.compute = compute;
  Examples examples;
  if (!text.batches.empty()) {
    TaskInput input;
    input.batches = text.batches;
    examples = task.load_batches(input);
    identity["text"] = fingerprint_text(MappedFile::open(text.batches)->bytes());
  } else {
    const std::shared_ptr<const Tokenizer> tokenizer = tokenizer_of(model);
    examples.task = &task;
    examples.sequences = task.training_blocks(
        text.text, *tokenizer, sequence_length(*model.network, text.block, 64, "learn-block"));
    stepping.draw = task.drawing(tokenizer, masking.mask_probability);
    identity["text"] = fingerprint(examples.sequences);
  }
  check_examples(model, examples);
  return token_steps(*model.network, task, std::move(examples.sequences), stepping);
}

}  // namespace braid
