// transform: moves a model by its symmetry group, without changing its function. Applies shifts
// first, in the model's own frame, then group elements.
#pragma once

#include "braid/checkpoint/lazy_tensors.h"
#include "braid/symmetry/group.h"

namespace braid {

// Applies the elements of every axis of the pattern, outer axes of a product before inner ones.
at::Tensor transform_tensor(const Symmetries& symmetries, const Pattern& pattern,
                            const at::Tensor& tensor, const Transform& transform);

// Every tensor of `parameters` (table names), transformed on demand. Unchanged tensors are shared.
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

// The transformed axes whose units the model outputs: its outputs then have another order or basis.
std::vector<std::string> returned_axes(const Symmetries& symmetries, const Transform& transform);

// Error naming the axis if an element is not in its group, or has the wrong size.
void check_transform(const Symmetries& symmetries, const Transform& transform);

}  // namespace braid
