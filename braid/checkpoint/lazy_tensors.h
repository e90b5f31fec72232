// LazyTensors: named tensors before they are made. Dtype and shape are known, the values are
// computed when they are asked for: a model is moved, averaged and written one tensor at a time.
#pragma once

#include <functional>

#include "braid/checkpoint/tensors.h"

namespace braid {

struct LazyTensor {
  at::ScalarType dtype;
  std::vector<std::int64_t> shape;
  std::function<at::Tensor()> make;  // of that dtype and shape

  std::int64_t bytes() const;
};
using LazyTensors = std::map<std::string, LazyTensor>;

LazyTensor lazy(const at::Tensor& tensor);
LazyTensors lazy(const Tensors& tensors);

// Throws std::logic_error where a tensor is not of the dtype and shape that were promised.
at::Tensor make(const std::string& name, const LazyTensor& tensor);
Tensors make(const LazyTensors& tensors);

std::int64_t byte_size(const LazyTensors& tensors);

}  // namespace braid
