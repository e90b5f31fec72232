// transform: moves a model inside its symmetry group. The function it computes stays as it was.
#pragma once

#include "braid/symmetry/group.h"

namespace braid {

// One tensor: every axis that its pattern names acts, outer axes of a product before inner ones.
at::Tensor transform_tensor(const Symmetries& symmetries, const Pattern& pattern,
                            const at::Tensor& tensor, const Transform& transform);

// Every tensor of `parameters` (names as in the table). Untouched tensors are shared, not copied.
Tensors transform_parameters(const Symmetries& symmetries, const Tensors& parameters,
                             const Transform& transform);

// Sizes and index ranges of every element against the table; Error naming the axis otherwise.
void check_transform(const Symmetries& symmetries, const Transform& transform);

}  // namespace braid
