#include "braid/training/learn_request.h"

#include <sstream>

#include "braid/checkpoint/fingerprint.h"
#include "braid/checkpoint/mapped_file.h"
#include "braid/error.h"
#include "braid/tasks/evaluate.h"
#include "braid/tasks/tasks.h"

namespace braid {

StepSource LearnRequest::steps(const Model& model, nlohmann::json& identity) const {
  MaskedBatches batching = masking;
  batching.seed = options.seed;
  identity.update({{"batch", batching.batch_size},
                   {"mask", batching.mask_probability},
                   {"seed", options.seed}});
  const TokenTask& task = token_task(*model.network);
  TokenStepOptions stepping{batching.batch_size, batching.seed, {}};
  Examples examples;
  if (!batches.empty()) {
    TaskInput input;
    input.batches = batches;
    examples = task.load_batches(input);
    identity["text"] = fingerprint_text(MappedFile::open(batches)->bytes());
  } else {
    const std::shared_ptr<const Tokenizer> tokenizer = load_tokenizer(model.folder);
    examples.task = &task;
    examples.sequences =
        task.training_blocks(text, *tokenizer, std::min(block, model.network->max_positions()));
    stepping.draw = task.drawing(tokenizer, batching.mask_probability);
    identity["text"] = fingerprint(examples.sequences);
  }
  check_examples(model, examples);
  return token_steps(*model.network, task, std::move(examples.sequences), stepping);
}

Learned learn(const Model& a, const Model& b, const Alignment& start, const LearnRequest& request,
              const std::filesystem::path& state, const TrainingLog& log) {
  require(a.network->head(Predicts::token),
          "{}: has no language-model head, whose loss learning lowers", a.folder.string());
  const LearnOptions& options = request.options;
  nlohmann::json from = to_json(start)["axes"];
  for (auto& axis : from) axis.erase("seconds");
  nlohmann::json identity = {{"a", fingerprint(a.parameters)},
                             {"b", fingerprint(b.parameters)},
                             {"start", fingerprint_text(from.dump())},
                             {"learn", options.latents.learn},
                             {"both", options.move_both},
                             {"steps", options.steps},
                             {"learning_rate", options.latents.learning_rate}};
  const StepSource steps = request.steps(a, identity);
  return learn_alignment(a, b, start, steps, identity, options, state, log);
}

}  // namespace braid
