#include "braid/tasks/task.h"

#include "braid/error.h"

namespace braid {

Examples Task::load_batches(const TaskInput& input) const {
  fail("{}: {} does not take pre-tokenised batches", input.batches, title());
}

std::unique_ptr<SequenceStream> Task::rows(const std::filesystem::path& file, const Tokenizer&,
                                           std::int64_t, std::int64_t) const {
  fail("{}: {} does not read files of rows", file.string(), title());
}

std::vector<double> Task::predictions(const at::Tensor&) const { return {}; }

}  // namespace braid
