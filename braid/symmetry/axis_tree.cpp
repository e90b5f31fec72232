#include "braid/symmetry/axis_tree.h"

#include <algorithm>
#include <numeric>

namespace braid {

std::vector<std::string> ancestors(const Symmetries& symmetries, const std::string& axis) {
  std::vector<std::string> names;
  for (std::string per = symmetries.axis(axis).per; !per.empty(); per = symmetries.axis(per).per) {
    names.push_back(per);
  }
  std::reverse(names.begin(), names.end());
  return names;
}

std::vector<std::string> children(const Symmetries& symmetries, const std::string& axis) {
  std::vector<std::string> names;
  for (const auto& [name, candidate] : symmetries.axes) {
    if (candidate.per == axis) names.push_back(name);
  }
  return names;
}

std::string root_of(const Symmetries& symmetries, const std::string& axis) {
  const std::string& per = symmetries.axis(axis).per;
  return per.empty() ? axis : root_of(symmetries, per);
}

std::vector<std::int64_t> block_order(const Symmetries& symmetries, const std::string& axis,
                                      const Transform& transform) {
  std::vector<std::int64_t> order = {0};  // of the blocks of the ancestors so far
  for (const std::string& name : ancestors(symmetries, axis)) {
    const std::int64_t size = symmetries.axis(name).size;
    const auto found = transform.find(name);
    std::vector<std::int64_t> finer;
    for (std::size_t i = 0; i < order.size(); ++i) {
      for (std::int64_t j = 0; j < size; ++j) {
        const std::int64_t from =
            found == transform.end() ? j : std::get<Permutation>(found->second.at(i)).indices.at(j);
        finer.push_back(order[i] * size + from);
      }
    }
    order = std::move(finer);
  }
  return order;
}

}  // namespace braid
