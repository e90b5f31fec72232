// What a task reads of a model: the one place where tasks meet forward passes and heads.
#pragma once

#include "braid/tasks/task.h"

namespace braid {

// As Reads says; dropped out only where `dropout` is given. Differentiable.
at::Tensor outputs(const Network& network, const Tensors& parameters, Reads reads,
                   const ExampleBatch& batch, const Dropout* dropout = nullptr);

// Error unless the model has what the task reads, as many outputs of it as the task needs.
void require_outputs(const Model& model, const Task& task);

}  // namespace braid
