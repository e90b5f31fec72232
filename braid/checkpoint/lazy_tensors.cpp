#include "braid/checkpoint/lazy_tensors.h"

#include <numeric>
#include <stdexcept>

namespace braid {

std::int64_t LazyTensor::bytes() const {
  return std::accumulate(shape.begin(), shape.end(),
                         static_cast<std::int64_t>(at::elementSize(dtype)), std::multiplies<>());
}

LazyTensor lazy(const at::Tensor& tensor) {
  return {tensor.scalar_type(), tensor.sizes().vec(), [tensor] { return tensor; }};
}

LazyTensors lazy(const Tensors& tensors) {
  LazyTensors promised;
  for (const auto& [name, tensor] : tensors) promised.emplace(name, lazy(tensor));
  return promised;
}

at::Tensor make(const std::string& name, const LazyTensor& tensor) {
  at::Tensor made = tensor.make();
  if (made.scalar_type() != tensor.dtype || !made.sizes().equals(tensor.shape)) {
    throw std::logic_error(name + " does not have its declared dtype and shape");
  }
  return made;
}

Tensors make(const LazyTensors& tensors) {
  Tensors made;
  for (const auto& [name, tensor] : tensors) made.emplace(name, make(name, tensor));
  return made;
}

std::int64_t byte_size(const LazyTensors& tensors) {
  std::int64_t bytes = 0;
  for (const auto& [name, tensor] : tensors) bytes += tensor.bytes();
  return bytes;
}

}  // namespace braid
