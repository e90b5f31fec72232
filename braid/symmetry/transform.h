// transform: moves a model inside its symmetry group. The function it computes stays as it was.
// Shifts first, in the model's own frame, then the group elements.
#pragma once

#include "braid/checkpoint/lazy_tensors.h"
#include "braid/symmetry/group.h"

namespace braid {

// One tensor: every axis that its pattern names acts, outer axes of a product before inner ones.
at::Tensor transform_tensor(const Symmetries& symmetries, const Pattern& pattern,
                            const at::Tensor& tensor, const Transform& transform);

// Every tensor of `parameters` (names as in the table), each moved when it is asked for. Untouched
// tensors are shared, not copied.
LazyTensors transform_lazily(const Symmetries& symmetries, const Tensors& parameters,
                             const Transform& transform);
Tensors transform_parameters(const Symmetries& symmetries, const Tensors& parameters,
                             const Transform& transform);

// A random element for every axis, and a random vector for every shift.
Transform random_transform(const Symmetries& symmetries, Random& random);

// transform(inverse(g), transform(g, B)) = B.
Transform inverse(const Symmetries& symmetries, const Transform& transform);

// transform(compose(g, h), B) = transform(g, transform(h, B)).
Transform compose(const Symmetries& symmetries, const Transform& second, const Transform& first);

// The axes among them whose units the model returns: what it returns then comes in another order or
// basis, and is no longer the same output.
std::vector<std::string> returned_axes(const Symmetries& symmetries, const Transform& transform);

// Sizes and index ranges of every element against the table; Error naming the axis otherwise.
void check_transform(const Symmetries& symmetries, const Transform& transform);

}  // namespace braid
