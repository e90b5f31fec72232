#include "braid/tasks/outputs.h"

#include "braid/error.h"

namespace braid {

at::Tensor outputs(const Network& network, const Tensors& parameters, std::optional<Predicts> head,
                   const ExampleBatch& batch, const Dropout* dropout) {
  if (!head) return network.encode(parameters, batch.batch, {}, dropout);
  return network.predict(parameters, batch.batch, *head, batch.places, dropout);
}

void require_outputs(const Model& model, const Task& task) {
  if (!task.head()) return;
  const std::string folder = model.folder.string();
  const Head* head = model.network->head(*task.head());
  if (*task.head() == Predicts::token) {
    require(head, "{}: has no language-model head, so no loss of tokens can be measured", folder);
    return;
  }
  require(head, "{}: has no classifier of texts, with its pooler; finetune makes one", folder);
  const std::int64_t found = head->outputs(model.parameters);
  require(found == task.outputs(), "{}: its classifier has {} outputs, {} needs {}", folder, found,
          task.title(), task.outputs());
}

}  // namespace braid
