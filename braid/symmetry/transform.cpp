#include "braid/symmetry/transform.h"

#include <algorithm>

#include "braid/error.h"

namespace braid {
namespace {

// `units` has dimension `dim` split into one dimension per use of the product.
at::Tensor act(const Symmetries& symmetries, const Product& product, at::Tensor units,
               std::int64_t dim, const Transform& transform) {
  for (std::size_t k = 0; k < product.size(); ++k) {
    const AxisUse& use = product[k];
    const auto found = transform.find(use.axis);
    if (found == transform.end()) continue;
    const GroupElement& blocks = found->second;
    const std::int64_t position = dim + static_cast<std::int64_t>(k);
    const std::string& per = symmetries.axis(use.axis).per;
    if (per.empty()) {
      units = apply(blocks.front(), units, position, use.role);
      continue;
    }
    const auto parent = std::find_if(product.begin(), product.begin() + static_cast<long>(k),
                                     [&](const AxisUse& outer) { return outer.axis == per; });
    const std::int64_t parent_dim = dim + (parent - product.begin());
    std::vector<at::Tensor> slices;
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      const at::Tensor slice = units.narrow(parent_dim, static_cast<std::int64_t>(b), 1);
      slices.push_back(apply(blocks[b], slice, position, use.role));
    }
    units = at::cat(slices, parent_dim);
  }
  return units;
}

bool touches(const Product& product, const Transform& transform) {
  return std::any_of(product.begin(), product.end(),
                     [&](const AxisUse& use) { return transform.contains(use.axis); });
}

}  // namespace

at::Tensor transform_tensor(const Symmetries& symmetries, const Pattern& pattern,
                            const at::Tensor& tensor, const Transform& transform) {
  at::Tensor result = tensor;
  for (std::size_t d = 0; d < pattern.size(); ++d) {
    const auto dim = static_cast<std::int64_t>(d);
    std::vector<at::Tensor> terms;
    std::int64_t offset = 0;
    bool changed = false;
    for (const Product& product : pattern[d]) {
      std::vector<std::int64_t> split;
      std::int64_t size = 1;
      for (const AxisUse& use : product) {
        split.push_back(use.role == Role::inert ? use.size : symmetries.axis(use.axis).size);
        size *= split.back();
      }
      at::Tensor term = result.narrow(dim, offset, size);
      offset += size;
      if (touches(product, transform)) {
        changed = true;
        const at::Tensor units = term.unflatten(dim, split);
        term = act(symmetries, product, units, dim, transform)
                   .flatten(dim, dim + static_cast<std::int64_t>(split.size()) - 1);
      }
      terms.push_back(term);
    }
    if (changed) result = terms.size() == 1 ? terms.front() : at::cat(terms, dim);
  }
  return result;
}

Tensors transform_parameters(const Symmetries& symmetries, const Tensors& parameters,
                             const Transform& transform) {
  check_transform(symmetries, transform);
  Tensors transformed;
  for (const auto& [name, tensor] : parameters) {
    const Pattern& pattern = symmetries.tensors.at(name);
    transformed[name] = transform_tensor(symmetries, pattern, tensor, transform).contiguous();
  }
  return transformed;
}

void check_transform(const Symmetries& symmetries, const Transform& transform) {
  for (const auto& [name, blocks] : transform) {
    const auto found = symmetries.axes.find(name);
    require(found != symmetries.axes.end(), "axis {}: this {} model has no such axis", name,
            symmetries.family);
    const Axis& axis = found->second;
    require(static_cast<std::int64_t>(blocks.size()) == symmetries.blocks(axis),
            "axis {}: {} group elements, expected {}", name, blocks.size(),
            symmetries.blocks(axis));
    for (const Element& block : blocks) {
      const auto* matrix = std::get_if<Matrix>(&block);
      if (matrix) {
        require(axis.group >= Group::orthogonal &&
                    matrix->forward.sizes().equals({axis.size, axis.size}),
                "axis {}: a matrix does not act on {} units of group {}", name, axis.size,
                group_name(axis.group));
        continue;
      }
      const auto* signs = std::get_if<SignedPermutation>(&block);
      auto indices = signs ? signs->indices : std::get<Permutation>(block).indices;
      require(!signs || axis.group != Group::permutation, "axis {}: signs are not in its group",
              name);
      std::sort(indices.begin(), indices.end());
      bool permutation = static_cast<std::int64_t>(indices.size()) == axis.size;
      for (std::size_t i = 0; permutation && i < indices.size(); ++i) {
        permutation = indices[i] == static_cast<std::int64_t>(i);
      }
      require(permutation, "axis {}: indices are not a permutation of 0 ... {}", name,
              axis.size - 1);
    }
  }
}

}  // namespace braid
