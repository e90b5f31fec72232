// What a task takes of a model: the one place where tasks meet forward passes and heads.
#pragma once

#include "braid/tasks/task.h"

namespace braid {

// Of the task's head, or the hidden states; dropped out only where `dropout` is given.
// Differentiable.
at::Tensor outputs(const Network& network, const Tensors& parameters, std::optional<Predicts> head,
                   const ExampleBatch& batch, const Dropout* dropout = nullptr);

// Error unless the model has the head that the task takes, with as many outputs as it needs.
void require_outputs(const Model& model, const Task& task);

// The model's output of each class, by the names of its labels; empty where it has them in the
// task's order, or gives them no names: then there is a notice. Error where they are others.
std::vector<std::int64_t> outputs_by_class(const Model& model, const Task& task);

}  // namespace braid
