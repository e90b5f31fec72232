#include "braid/tasks/evaluate.h"

#include <cmath>

#include "braid/error.h"
#include "braid/parallel.h"
#include "braid/tasks/outputs.h"

namespace braid {

Score evaluate(const Network& network, const Tensors& parameters, const Examples& examples,
               const Compute& compute) {
  const Task& task = *examples.task;
  const auto count = std::ssize(examples.batches);
  std::vector<double> sums(examples.batches.size()), predicted(examples.sequences.size());
  std::vector<std::int64_t> scored(examples.batches.size());
  parallel_for(count, compute.threads, [&](std::int64_t i) {
    const c10::InferenceMode inference;
    const auto k = static_cast<std::size_t>(i);
    std::vector<TokenSequence> sequences;
    for (const std::size_t j : examples.batches[k]) sequences.push_back(examples.sequences[j]);
    const ExampleBatch batch = make_batch(sequences, task.head(), examples.width, compute.device);
    check_tokens(network, batch.batch);
    scored[k] = batch.expected.numel() / task.sequences_an_example();
    if (scored[k] == 0) return;
    at::Tensor found = outputs(network, parameters, task.head(), batch);
    if (!examples.outputs.empty()) {
      found = found.index_select(1, at::tensor(examples.outputs, found.options().dtype(at::kLong)));
    }
    // Token logits are too many to convert; their losses are summed in double anyway.
    if (task.head() != Predicts::token) found = found.to(at::kDouble);
    sums[k] = task.loss(found, batch).item<double>();
    const std::vector<double> values = task.predictions(found);
    for (std::size_t j = 0; j < values.size(); ++j) predicted[examples.batches[k][j]] = values[j];
  });
  Score score;
  for (const double sum : sums) score.loss += sum;
  for (const std::int64_t n : scored) score.scored += n;
  require(score.scored > 0, "nothing to score: no token of this text is masked or has a label");
  score.loss /= static_cast<double>(score.scored);
  require(std::isfinite(score.loss),
          "the loss is {}: the model's values on this text are out of range for {}", score.loss,
          dtype_name(compute.dtype));
  score.metrics = task.metrics(score.loss, predicted, examples.sequences);
  return score;
}

void check_examples(const Model& model, const Examples& examples) {
  const Task& task = *examples.task;
  require_outputs(model, task);
  if (task.outputs() == 0) {
    const auto classes =
        static_cast<double>(model.network->head(*task.head())->outputs(model.parameters));
    for (const TokenSequence& sequence : examples.sequences) {
      require(sequence.target < classes, "label {} is not one of the {} classes of {}",
              sequence.target, classes, model.folder.string());
    }
  }
  for (const TokenSequence& sequence : examples.sequences) {
    check_tokens(*model.network, pad({sequence}));
    std::vector<std::int64_t> labels = sequence.labels;
    std::erase(labels, -100);
    check_token_ids(*model.network, at::tensor(labels, at::kLong));
  }
}

Examples load_examples(const Task& task, const TaskInput& input, const Model& model) {
  task.check(input, model);
  Examples examples = input.batches.empty()
                          ? task.load(input, *tokenizer_of(model), model.network->max_positions())
                          : task.load_batches(input);
  check_examples(model, examples);
  examples.outputs = outputs_by_class(model, task);
  return examples;
}

}  // namespace braid
