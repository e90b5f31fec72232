#include "braid/connectivity/interpolate.h"

namespace braid {

Tensors average(const std::vector<Tensors>& parameters, const std::vector<double>& weights) {
  Tensors mean;
  for (const auto& [name, first] : parameters.front()) {
    at::Tensor sum = at::zeros_like(first, at::kDouble);
    for (std::size_t k = 0; k < parameters.size(); ++k) {
      sum.add_(parameters[k].at(name).to(at::kDouble), weights.at(k));
    }
    mean[name] = sum.to(first.scalar_type());
  }
  return mean;
}

Tensors interpolate(const Tensors& a, const Tensors& b, double t) {
  if (t > 0 && t < 1) return average({a, b}, {1 - t, t});
  if (t == 0) return a;
  Tensors end;
  for (const auto& [name, x] : a) end[name] = b.at(name).to(x.scalar_type());
  return end;
}

}  // namespace braid
