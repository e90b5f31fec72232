// evaluate: the loss and metrics of one set of parameters on a task's examples.
#pragma once

#include "braid/tasks/task.h"

namespace braid {

// Parameters of one dtype, on compute.device. Sums run in order, in double: the same for any number
// of threads. REQUIRES check_examples(model, examples).
Score evaluate(const Network& network, const Tensors& parameters, const Examples& examples,
               const Compute& compute);

// Error unless the model has the head that is measured and the examples fit it.
void check_examples(const Model& model, const Examples& examples);

// The task's examples for `model`, by its tokenizer, checked. Error where input, task and model do
// not go together.
Examples load_examples(const Task& task, const TaskInput& input, const Model& model);

}  // namespace braid
