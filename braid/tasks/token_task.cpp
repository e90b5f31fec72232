#include "braid/tasks/token_task.h"

#include <cmath>

#include "braid/error.h"
#include "braid/tasks/ready_batches.h"

namespace braid {

TokenTask::Draw TokenTask::drawing(std::shared_ptr<const Tokenizer>, double) const { return {}; }

void TokenTask::check(const TaskInput& input, const Model& model) const {
  require(input.data.empty(),
          "`data` is for tasks with rows, such as GLUE's; {} reads `text` or `batches`", name());
  require(input.text.empty() != input.batches.empty(),
          "`task` {} requires either `text` or `batches`", name());
  const bool causal = model.network->is_causal();
  require(is_causal() == causal, "{}: {} models are measured by `task` {}", model.folder.string(),
          model.symmetries.family, causal ? "clm" : "mlm");
}

const std::string& TokenTask::file(const TaskInput& input) const {
  return input.batches.empty() ? input.text : input.batches;
}

Examples TokenTask::load_batches(const TaskInput& input) const {
  ReadyBatches ready = read_batches(input.batches, is_causal() ? Labels::next : Labels::own);
  const auto rows = static_cast<std::size_t>(input.lines);
  if (rows > 0 && rows < ready.sequences.size()) ready.sequences.resize(rows);
  bool scored = false;
  for (const TokenSequence& sequence : ready.sequences) {
    for (const std::int64_t label : sequence.labels) scored |= label != -100;
  }
  require(scored, "{}: every label is -100, so there is nothing to score", input.batches);
  Examples examples{this, std::move(ready.sequences), {}, ready.width};
  examples.batches = batches_in_order(examples.sequences, input.masking.batch_size);
  return examples;
}

at::Tensor TokenTask::loss(const at::Tensor& outputs, const ExampleBatch& batch) const {
  const at::Tensor wide = outputs.to(at::promote_types(outputs.scalar_type(), at::kFloat));
  return at::cross_entropy_loss(wide, batch.expected, {}, at::Reduction::None).sum(at::kDouble);
}

Metrics TokenTask::metrics(double loss, const std::vector<double>&,
                           const std::vector<TokenSequence>&) const {
  return {{"perplexity", std::exp(loss)}};
}

}  // namespace braid
