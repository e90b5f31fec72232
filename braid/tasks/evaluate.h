// evaluate: the loss and metrics of one set of parameters on a task's examples.
#pragma once

#include "braid/tasks/task.h"

namespace braid {

// `parameters`: of one dtype, on compute.device. Sums are in order and in double, so the result
// does not depend on threads. REQUIRES check_examples(model, examples).
Score evaluate(const Network& network, const Tensors& parameters, const Examples& examples,
               const Compute& compute);

// Throws unless the model has the task's head and the examples fit it.
void check_examples(const Model& model, const Examples& examples);

// The task's examples, read with the model's tokenizer and checked. Throws if input, task and model
// do not fit each other.
Examples load_examples(const Task& task, const TaskInput& input, const Model& model);

}  // namespace braid
