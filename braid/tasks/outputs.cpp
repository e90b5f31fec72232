#include "braid/tasks/outputs.h"

#include "braid/error.h"

namespace braid {

at::Tensor outputs(const Network& network, const Tensors& parameters, Reads reads,
                   const ExampleBatch& batch, const Dropout* dropout) {
  const at::Tensor hidden = network.encode(parameters, batch.batch, {}, dropout);
  if (reads == Reads::stream) return hidden;
  if (reads == Reads::tokens) {
    return network.token_logits(parameters, hidden.flatten(0, 1).index_select(0, batch.places));
  }
  at::Tensor pooled = network.pool(parameters, hidden);
  if (dropout) pooled = dropout->apply(pooled, dropout->hidden);
  return network.sentence_logits(parameters, pooled);
}

void require_outputs(const Model& model, const Task& task) {
  const std::string folder = model.folder.string();
  if (task.reads() == Reads::tokens) {
    require(model.network->has_token_head(model.parameters),
            "{}: has no language-model head, so no loss of tokens can be measured", folder);
  }
  if (task.reads() != Reads::sentence) return;
  const auto weight = model.parameters.find("classifier.weight");
  require(model.network->has_sentence_head(model.parameters) && weight != model.parameters.end(),
          "{}: has no classifier (classifier.*, pooler.*); make one with braid finetune", folder);
  require(weight->second.size(0) == task.outputs(),
          "{}: its classifier has {} outputs, {} needs {}", folder, weight->second.size(0),
          task.title(), task.outputs());
}

}  // namespace braid
