#include "braid/connectivity/interpolate.h"

namespace braid {

Tensors interpolate(const Tensors& a, const Tensors& b, double t) {
  Tensors result;
  for (const auto& [name, x] : a) {
    const at::Tensor& y = b.at(name);
    const at::ScalarType dtype = x.scalar_type();
    if (t == 0 || t == 1) {
      result[name] = t == 0 ? x : y.to(dtype);
      continue;
    }
    const bool narrow = dtype == at::kHalf || dtype == at::kBFloat16;
    const at::ScalarType wide = at::promote_types(narrow ? at::kFloat : dtype, y.scalar_type());
    result[name] = at::lerp(x.to(wide), y.to(wide), t).to(dtype);
  }
  return result;
}

}  // namespace braid
