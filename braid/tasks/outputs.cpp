#include "braid/tasks/outputs.h"

#include <cctype>

#include "braid/error.h"
#include "braid/json/printable.h"
#include "braid/models/named_entries.h"
#include "braid/notice.h"

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
    require(head, "{}: has no language-model head, so no token loss can be measured", folder);
    return;
  }
  if (*task.head() == Predicts::sentence) {
    require(head, "{}: not a sentence encoder: it has no modules.json of sentence-transformers",
            folder);
    require(model.sentence->text_changes.empty(),
            "{}: changes texts before tokenising ({}), which is not supported; remove that "
            "setting, and change the texts of `data` instead",
            folder, model.sentence->text_changes);
    return;
  }
  require(head, "{}: has no classifier, or lacks its pooler; finetune makes one", folder);
  const std::int64_t found = head->outputs(model.parameters);
  require(task.outputs() == 0 || found == task.outputs(),
          "{}: its classifier has {} outputs, {} needs {}", folder, found, task.title(),
          task.outputs());
}

namespace {

// Normalises names: "Not Entailment" and "not_entailment" are the same.
std::vector<std::string> spelt_alike(std::vector<std::string> names) {
  for (std::string& name : names) {
    for (char& c : name) {
      c = c == ' ' || c == '-' ? '_'
                               : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  return names;
}

}  // namespace

std::vector<std::int64_t> outputs_by_class(const Model& model, const Task& task) {
  const std::vector<std::string> classes = task.labels();
  if (task.head() != Predicts::label || classes.size() < 2) return {};
  const std::string folder = model.folder.string();
  const std::vector<std::string> names = spelt_alike(label_names(model.config));
  if (names.empty()) {
    notice("{}: its labels have no names (id2label); assuming {}, in this order", folder,
           fmt::join(classes, ", "));
    return {};
  }
  for (const std::vector<std::string>& known : {classes, task.other_labels()}) {
    if (known == names) return {};
    const std::optional<Order> order = order_of(names, known);
    if (!order) continue;
    notice("{}: its labels are in a different order from {}'s; matching them by name", folder,
           task.title());
    return *order;
  }
  fail("{}: its labels are {}, but {} has {}; correct id2label in config.json", folder,
       join_names(names), task.title(), fmt::join(classes, ", "));
}

}  // namespace braid
