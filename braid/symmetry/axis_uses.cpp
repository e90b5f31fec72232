#include "braid/symmetry/axis_uses.h"

#include <algorithm>
#include <stdexcept>

namespace braid {
namespace {

std::int64_t size_of(const Symmetries& symmetries, const AxisUse& use) {
  return use.role == Role::inert ? use.size : symmetries.axis(use.axis).size;
}

const Product& product_at(const Symmetries& symmetries, const UsePlace& place) {
  return symmetries.tensors.at(place.tensor)[place.dimension][place.term];
}

// The factor that carries the axis `axis` is repeated for.
std::size_t parent_factor(const Product& product, const std::string& per) {
  const auto found = std::find_if(product.begin(), product.end(),
                                  [&](const AxisUse& use) { return use.axis == per; });
  if (found == product.end()) throw std::invalid_argument("no '" + per + "' outside its units");
  return static_cast<std::size_t>(found - product.begin());
}

}  // namespace

std::vector<UsePlace> uses_of(const Symmetries& symmetries, const std::string& axis) {
  std::vector<UsePlace> places;
  for (const auto& [name, pattern] : symmetries.tensors) {
    for (std::size_t d = 0; d < pattern.size(); ++d) {
      for (std::size_t t = 0; t < pattern[d].size(); ++t) {
        for (std::size_t f = 0; f < pattern[d][t].size(); ++f) {
          const AxisUse& use = pattern[d][t][f];
          if (use.axis == axis) places.push_back({name, d, t, f, use.role});
        }
      }
    }
  }
  return places;
}

Pattern without(const Symmetries& symmetries, const UsePlace& place) {
  Pattern pattern = symmetries.tensors.at(place.tensor);
  Product& product = pattern[place.dimension][place.term];
  const std::string per = symmetries.axis(product[place.factor].axis).per;
  for (std::size_t f = 0; f < product.size(); ++f) {
    AxisUse& use = product[f];
    if (f == place.factor || (!per.empty() && use.axis == per)) {
      use = {"", Role::inert, size_of(symmetries, use)};
    }
  }
  return pattern;
}

at::Tensor term_at(const Symmetries& symmetries, const UsePlace& place, const at::Tensor& tensor) {
  const Concatenation& dimension = symmetries.tensors.at(place.tensor)[place.dimension];
  const auto width = [&](const Product& term) {
    std::int64_t size = 1;
    for (const AxisUse& use : term) size *= size_of(symmetries, use);
    return size;
  };
  std::int64_t offset = 0;
  for (std::size_t t = 0; t < place.term; ++t) offset += width(dimension[t]);
  return tensor.narrow(static_cast<std::int64_t>(place.dimension), offset,
                       width(dimension[place.term]));
}

at::Tensor units_first(const Symmetries& symmetries, const UsePlace& place,
                       const at::Tensor& tensor) {
  const Product& product = product_at(symmetries, place);
  const auto dim = static_cast<std::int64_t>(place.dimension);
  std::vector<std::int64_t> split;
  for (const AxisUse& use : product) split.push_back(size_of(symmetries, use));
  const at::Tensor term =
      term_at(symmetries, place, tensor).unflatten(dim, split).to(at::kDouble).unsqueeze(-1);
  const std::string& per = symmetries.axis(product[place.factor].axis).per;
  const std::int64_t units = dim + static_cast<std::int64_t>(place.factor);
  if (per.empty()) return term.movedim(units, 0).flatten(1);
  const std::int64_t blocks = dim + static_cast<std::int64_t>(parent_factor(product, per));
  return term.movedim({blocks, units}, {0, 1}).flatten(2);
}

}  // namespace braid
