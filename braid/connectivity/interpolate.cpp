#include "braid/connectivity/interpolate.h"

namespace braid {

LazyTensors average(const std::vector<LazyTensors>& parameters,
                    const std::vector<double>& weights) {
  LazyTensors mean;
  for (const auto& [name, first] : parameters.front()) {
    std::vector<LazyTensor> parts;
    for (const LazyTensors& model : parameters) parts.push_back(model.at(name));
    LazyTensor averaged = first;
    averaged.make = [parts, weights] {
      at::Tensor sum = at::zeros(parts.front().shape, at::kDouble);
      for (std::size_t k = 0; k < parts.size(); ++k) {
        sum.add_(parts[k].make().to(at::kDouble), weights.at(k));
      }
      return sum.to(parts.front().dtype);
    };
    mean.emplace(name, std::move(averaged));
  }
  return mean;
}

Tensors average(const std::vector<Tensors>& parameters, const std::vector<double>& weights) {
  std::vector<LazyTensors> models;
  for (const Tensors& model : parameters) models.push_back(lazy(model));
  return make(average(models, weights));
}

Tensors interpolate(const Tensors& a, const Tensors& b, double t) {
  if (t > 0 && t < 1) return average({a, b}, {1 - t, t});
  if (t == 0) return a;
  Tensors end;
  for (const auto& [name, x] : a) end[name] = b.at(name).to(x.scalar_type());
  return end;
}

}  // namespace braid
