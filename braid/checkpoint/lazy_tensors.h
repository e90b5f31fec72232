// LazyTensors: named tensors with known dtype and shape whose values are computed on demand, so
// that a model is transformed, averaged and written one tensor at a time.
#pragma once

#include <functional>

#include "braid/checkpoint/tensors.h"

namespace braid {

struct LazyTensor {
  at::ScalarType dtype;
  std::vector<std::int64_t> shape;
  std::function<at::Tensor()> make;  // returns that dtype and shape

  std::int64_t bytes() const;
};
using LazyTensors = std::map<std::string, LazyTensor>;

LazyTensor lazy(const at::Tensor& tensor);
LazyTensors lazy(const Tensors& tensors);

// std::logic_error if the result does not have the declared dtype and shape.
at::Tensor make(const std::string& name, const LazyTensor& tensor);
Tensors make(const LazyTensors& tensors);

std::int64_t byte_size(const LazyTensors& tensors);

}  // namespace braid
