#include "braid/symmetry/shift.h"

#include "braid/error.h"

namespace braid {

Tensors shift(const Symmetries& symmetries, const Tensors& parameters, const Transform& transform) {
  Tensors shifted = parameters;
  for (const auto& [name, of] : symmetries.shifts) {
    const auto found = transform.find(name);
    if (found == transform.end()) continue;
    const at::Tensor& vector = std::get<ShiftVector>(found->second.front()).vector;
    const auto dtype =
        at::promote_types(parameters.at(of.map + ".weight").scalar_type(), vector.scalar_type());
    const at::Tensor c = vector.to(dtype);
    const auto wide = [&](const std::string& tensor) { return parameters.at(tensor).to(dtype); };
    const auto add = [&](const std::string& tensor, const at::Tensor& change) {
      shifted.at(tensor) = shifted.at(tensor) + change;
    };
    if (of.kind == Shift::Kind::averaged) {
      add(of.map + ".bias", c);
      add(of.other + ".bias", -at::mv(wide(of.other + ".weight"), c));
      continue;
    }
    const at::Tensor gain = wide(of.other + ".weight");
    require(gain.ne(0).all().item<bool>(), "{}: {}.weight has a gain of 0", name, of.other);
    const at::Tensor unseen = gain.reciprocal();
    add(of.map + ".weight", at::outer(c, unseen));
    add(of.map + ".bias", -at::dot(wide(of.other + ".bias"), unseen) * c);
  }
  return shifted;
}

}  // namespace braid
