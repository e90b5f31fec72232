#include "braid/tasks/task.h"

#include "braid/error.h"

namespace braid {

Examples Task::load_batches(const TaskInput& input) const {
  fail("{}: {} is not measured on ready batches", input.batches, title());
}

std::unique_ptr<SequenceStream> Task::rows(const std::filesystem::path& file, const Tokenizer&,
                                           std::int64_t, std::int64_t) const {
  fail("{}: {} has no file of rows", file.string(), title());
}

std::vector<double> Task::predictions(const at::Tensor&) const { return {}; }

}  // namespace braid
