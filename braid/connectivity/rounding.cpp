#include "braid/connectivity/rounding.h"

#include <bit>

namespace braid {
namespace {

// Hash of the absolute values, independent of their order.
std::uint64_t bag_of(const at::Tensor& tensor) {
  const at::Tensor values = tensor.abs().to(at::kDouble).contiguous();
  const double* value = values.const_data_ptr<double>();
  std::uint64_t sum = 0;
  for (std::int64_t i = 0; i < values.numel(); ++i) {
    std::uint64_t x = std::bit_cast<std::uint64_t>(value[i]);  // SplitMix64's finaliser
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    sum += x ^ (x >> 31);
  }
  return sum;
}

bool lies_on_mixing_axis(const Symmetries& symmetries, const Pattern& pattern) {
  for (const Concatenation& dimension : pattern) {
    for (const Product& product : dimension) {
      for (const AxisUse& use : product) {
        if (use.role != Role::inert && mixes(symmetries.axis(use.axis).group)) return true;
      }
    }
  }
  return false;
}

// The tensors whose values a symmetry may change rather than only reorder.
std::set<std::string> changeable(const Symmetries& symmetries) {
  std::set<std::string> names;
  for (const auto& [name, pattern] : symmetries.tensors) {
    if (lies_on_mixing_axis(symmetries, pattern)) names.insert(name);
  }
  for (const auto& [name, shift] : symmetries.shifts) {
    names.insert({shift.map + ".bias", shift.other + ".bias"});
  }
  return names;
}

// Half a unit in the last place, relative to 1.
double half_unit(at::ScalarType dtype) {
  switch (dtype) {
    case at::kDouble:
      return 0x1p-53;
    case at::kFloat:
      return 0x1p-24;
    case at::kHalf:
      return 0x1p-11;
    default:
      return 0x1p-8;
  }
}

Model moved_a_little(const Model& model) {
  Random random(0);
  Model moved = model;
  for (auto& [name, tensor] : moved.parameters) {
    const double unit = half_unit(tensor.scalar_type());
    at::Tensor wide = tensor.to(at::kDouble).clone();
    double* value = wide.data_ptr<double>();
    for (std::int64_t i = 0; i < wide.numel(); ++i) {
      value[i] *= 1 + unit * (2 * random.uniform() - 1);
    }
    tensor = wide;
  }
  return moved;
}

}  // namespace

bool is_rounded_anew(const Model& first, const Model& second) {
  for (const Model* model : {&first, &second}) {
    for (const std::string& name : changeable(model->symmetries)) {
      const auto a = first.parameters.find(name), b = second.parameters.find(name);
      if (a == first.parameters.end() || b == second.parameters.end()) continue;
      if (bag_of(a->second) != bag_of(b->second)) return true;
    }
  }
  return false;
}

double rounding(const Model& first, const Model& second,
                const std::vector<TokenSequence>& sequences, const Compute& compute, Frame frame) {
  double largest = 0;
  for (const Model* model : {&first, &second}) {
    largest = std::max(
        largest, verify(*model, moved_a_little(*model), sequences, compute, frame).relative());
  }
  return 4 * largest;
}

}  // namespace braid
