// A model's outputs for a task: the only place where tasks meet forward passes and heads.
#pragma once

#include "braid/tasks/task.h"

namespace braid {

// Outputs of `head`, or the hidden states if nullopt, with dropout if given. Differentiable.
at::Tensor outputs(const Network& network, const Tensors& parameters, std::optional<Predicts> head,
                   const ExampleBatch& batch, const Dropout* dropout = nullptr);

// Throws unless the model has the task's head with the right number of outputs.
void require_outputs(const Model& model, const Task& task);

// The model's output of each class, matched by label names. Empty if they are in the task's order,
// or have no names (with a notice). Throws if the names are not the task's.
std::vector<std::int64_t> outputs_by_class(const Model& model, const Task& task);

}  // namespace braid
