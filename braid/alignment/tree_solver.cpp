// solve_tree: nested axes, from the innermost outwards.
#include <algorithm>
#include <numeric>
#include <set>
#include <stdexcept>

#include "braid/alignment/solver.h"
#include "braid/symmetry/axis_tree.h"

namespace braid {
namespace {

// An agreement of one block of A with one block of B, on the axes not yet solved.
struct Open {
  std::size_t agreement = 0;  // index of the caller's agreement
  std::vector<std::string> axes;
  at::Tensor benefit;
  bool sized = false;  // Agreement's

  bool has(const std::string& axis) const {
    return std::find(axes.begin(), axes.end(), axis) != axes.end();
  }
};

struct Found {
  Transform element;
  std::vector<double> objectives, unaligned;  // of all the caller's agreements
  double value = 0;                           // the sum of the objectives
};

std::int64_t dimension(const Open& open, const std::string& axis) {
  return std::find(open.axes.begin(), open.axes.end(), axis) - open.axes.begin();
}

// A's block j and B's block k of the agreement's first axis.
Open pair_of(const Open& open, std::int64_t j, std::int64_t k) {
  const std::int64_t axes = std::ssize(open.axes);
  return {open.agreement,
          {open.axes.begin() + 1, open.axes.end()},
          open.benefit.select(axes, k).select(0, j),
          open.sized};
}

// The agreement with the given axis moved to the front.
Open led_by(const Open& open, const std::string& axis) {
  const std::int64_t place = dimension(open, axis), axes = std::ssize(open.axes);
  Open led = open;
  std::rotate(led.axes.begin(), led.axes.begin() + place, led.axes.begin() + place + 1);
  led.benefit = open.benefit.movedim({place, axes + place}, {0, axes});
  return led;
}

// The agreement on the other axes, with B's units on this one moved by the element.
Open contract(const Open& open, const std::string& axis, const Element& element) {
  const std::int64_t place = dimension(open, axis), axes = std::ssize(open.axes);
  Open rest = open;
  rest.axes.erase(rest.axes.begin() + place);
  const Role role = open.sized ? Role::gain : Role::vector;
  rest.benefit =
      apply(element, open.benefit, axes + place, role).diagonal(0, place, axes + place).sum(-1);
  return rest;
}

class TreeSolver {
 public:
  TreeSolver(const Symmetries& symmetries, const GroupChoice& choice, std::size_t agreements)
      : symmetries_(symmetries), choice_(choice), agreements_(agreements) {}

  // REQUIRES agreements whose first axis is `name`.
  Found solve_axis(const std::string& name, const std::vector<Open>& open) const {
    const Axis& axis = symmetries_.axis(name);
    const std::optional<Group> group = choice_(axis);
    const bool leaf = std::all_of(open.begin(), open.end(),
                                  [](const Open& agreement) { return agreement.axes.size() == 1; });
    if (leaf) return solve_leaf(axis, group, open);
    if (group && !permutes_only(*group)) {
      throw std::invalid_argument("axis '" + name + "' has inner axes but does not only permute");
    }
    return solve_blocks(name, open, !group);
  }

 private:
  Found nothing() const {
    return {{}, std::vector<double>(agreements_), std::vector<double>(agreements_), 0};
  }

  Found solve_leaf(const Axis& axis, std::optional<Group> group,
                   const std::vector<Open>& open) const {
    Solved solved = group ? solve_seen(axis.name, *group, open, {})
                          : Solved{identity_element(axis.group, axis.size), 0};
    const Transform element = {{axis.name, {std::move(solved.element)}}};
    Found found = nothing();
    if (open.size() > 1 || !group) {
      found = evaluate(open, element);
    } else {
      found.value = found.objectives[open.front().agreement] = solved.objective;
      found.unaligned[open.front().agreement] = unaligned(open.front().benefit);
    }
    found.element = element;
    return found;
  }

  // Blocks, permuted unless `fixed`, and the axes inside them.
  Found solve_blocks(const std::string& name, const std::vector<Open>& open, bool fixed) const {
    const std::int64_t blocks = symmetries_.axis(name).size;
    std::vector<Found> pairs(static_cast<std::size_t>(blocks * blocks));
    const auto pair = [&](std::int64_t j, std::int64_t k) -> Found& {
      return pairs[static_cast<std::size_t>(j * blocks + k)];
    };
    at::Tensor value = at::zeros({blocks, blocks}, at::kDouble);
    for (std::int64_t j = 0; j < blocks; ++j) {
      for (std::int64_t k = 0; k < blocks; ++k) {
        if (fixed && j != k) continue;
        pair(j, k) = solve_pair(open, j, k);
        value.data_ptr<double>()[j * blocks + k] = pair(j, k).value;
      }
    }
    Permutation order;
    order.indices.resize(static_cast<std::size_t>(blocks));
    std::iota(order.indices.begin(), order.indices.end(), std::int64_t{0});
    if (!fixed) order = std::get<Permutation>(solve(Group::permutation, value).element);
    Found found = nothing();
    for (std::int64_t j = 0; j < blocks; ++j) {
      Found& chosen = pair(j, order.indices[static_cast<std::size_t>(j)]);
      for (std::size_t t = 0; t < agreements_; ++t) {
        found.objectives[t] += chosen.objectives[t];
        found.unaligned[t] += pair(j, j).unaligned[t];
      }
      found.value += chosen.value;
      for (auto& [axis, element] : chosen.element) {
        std::move(element.begin(), element.end(), std::back_inserter(found.element[axis]));
      }
    }
    found.element[name] = {std::move(order)};
    return found;
  }

  Found solve_pair(const std::vector<Open>& open, std::int64_t j, std::int64_t k) const {
    Found found = nothing();
    std::vector<Open> inside;
    for (const Open& agreement : open) {
      Open pair = pair_of(agreement, j, k);
      if (!pair.axes.empty()) {
        inside.push_back(std::move(pair));
        continue;
      }
      found.objectives[pair.agreement] = found.unaligned[pair.agreement] =
          pair.benefit.item<double>();
      found.value += found.objectives[pair.agreement];
    }
    while (!inside.empty()) {
      const std::vector<Open> linked = take_linked(inside);
      add(found, solve_linked(linked));
    }
    return found;
  }

  static void add(Found& sum, Found term) {
    for (std::size_t t = 0; t < sum.objectives.size(); ++t) {
      sum.objectives[t] += term.objectives[t];
      sum.unaligned[t] += term.unaligned[t];
    }
    sum.value += term.value;
    sum.element.merge(term.element);
  }

  // Takes the first agreement and all that share axes with it, directly or through others.
  static std::vector<Open> take_linked(std::vector<Open>& open) {
    std::vector<Open> linked = {std::move(open.front())};
    open.erase(open.begin());
    for (std::size_t i = 0; i < linked.size(); ++i) {
      for (auto other = open.begin(); other != open.end();) {
        const bool shares = std::any_of(other->axes.begin(), other->axes.end(),
                                        [&](const auto& axis) { return linked[i].has(axis); });
        if (!shares) {
          ++other;
          continue;
        }
        linked.push_back(std::move(*other));
        other = open.erase(other);
      }
    }
    return linked;
  }

  // The axes of linked agreements whose parent is not among these axes.
  std::vector<std::string> outermost(const std::vector<Open>& linked) const {
    std::set<std::string> all, outer;
    for (const Open& open : linked) all.insert(open.axes.begin(), open.axes.end());
    for (const std::string& axis : all) {
      if (!all.contains(symmetries_.axis(axis).per)) outer.insert(axis);
    }
    return {outer.begin(), outer.end()};
  }

  Found solve_linked(const std::vector<Open>& linked) const {
    const std::vector<std::string> axes = outermost(linked);
    return axes.size() == 1 ? solve_axis(axes.front(), linked) : solve_together(axes, linked);
  }

  // Sibling axes that share an agreement: solved alternately, the others fixed.
  Found solve_together(const std::vector<std::string>& axes,
                       const std::vector<Open>& linked) const {
    constexpr int most_rounds = 100;
    for (const Open& open : linked) {
      for (const std::string& axis : open.axes) {
        if (std::find(axes.begin(), axes.end(), axis) == axes.end()) {
          throw std::invalid_argument("axis '" + axis +
                                      "' is inside an axis that shares units with its siblings; "
                                      "no family has this");
        }
      }
    }
    // The relaxed start solves axes that permute; the others go first, while it still holds.
    std::vector<std::string> turns = axes;
    std::stable_partition(turns.begin(), turns.end(), [&](const std::string& name) {
      const std::optional<Group> group = choice_(symmetries_.axis(name));
      return !group || !permutes_only(*group);
    });
    Transform element = relaxed_start(axes, linked);
    Found found = evaluate(linked, element);
    for (int round = 0; round < most_rounds; ++round) {
      Transform next = element;
      for (const std::string& name : turns) {
        const std::optional<Group> group = choice_(symmetries_.axis(name));
        if (group) next[name] = {solve_seen(name, *group, linked, next).element};
      }
      Found after = evaluate(linked, next);
      if (after.value <= found.value + 1e-12 * std::abs(found.value)) break;
      found = std::move(after);
      element = std::move(next);
    }
    found.element = std::move(element);
    return found;
  }

  // Solves each permuting axis as if each of its blocks had its own elements of the other axes.
  Transform relaxed_start(const std::vector<std::string>& axes,
                          const std::vector<Open>& linked) const {
    Transform start;
    for (const std::string& name : axes) {
      const Axis& axis = symmetries_.axis(name);
      const std::optional<Group> group = choice_(axis);
      start[name] = {identity_element(axis.group, axis.size)};
      if (!group || !permutes_only(*group)) continue;
      std::vector<Open> led;
      for (const Open& open : linked) {
        if (open.has(name)) led.push_back(led_by(open, name));
      }
      start[name] = solve_axis(name, led).element.at(name);
    }
    return start;
  }

  // The best element of one axis, the others moved by `element`.
  Solved solve_seen(const std::string& name, Group group, const std::vector<Open>& linked,
                    const Transform& element) const {
    const at::Tensor benefit = seen_by(name, linked, element, false);
    const at::Tensor sized = seen_by(name, linked, element, true);
    return solve(group, benefit.defined() ? benefit : at::zeros_like(sized), sized);
  }

  // Benefits of one axis's units, (n, n), the others moved, over the agreements with this `sized`;
  // undefined if there are none.
  at::Tensor seen_by(const std::string& name, const std::vector<Open>& linked,
                     const Transform& element, bool sized) const {
    at::Tensor sum;
    for (const Open& open : linked) {
      if (!open.has(name) || open.sized != sized) continue;
      Open rest = open;
      for (const std::string& other : open.axes) {
        if (other != name) rest = contract(rest, other, element.at(other).front());
      }
      sum = sum.defined() ? sum + rest.benefit : rest.benefit;
    }
    return sum;
  }

  Found evaluate(const std::vector<Open>& linked, const Transform& element) const {
    Found found = nothing();
    for (const Open& open : linked) {
      Open moved = open, still = open;
      for (const std::string& axis : open.axes) {
        const Axis& of = symmetries_.axis(axis);
        moved = contract(moved, axis, element.at(axis).front());
        still = contract(still, axis, identity_element(of.group, of.size));
      }
      found.objectives[open.agreement] = moved.benefit.item<double>();
      found.unaligned[open.agreement] = still.benefit.item<double>();
      found.value += found.objectives[open.agreement];
    }
    return found;
  }

  const Symmetries& symmetries_;
  const GroupChoice& choice_;
  std::size_t agreements_;
};

}  // namespace

Agreement Agreement::of(const Symmetries& symmetries, std::vector<std::string> axes,
                        const at::Tensor& units) {
  std::vector<std::int64_t> sizes;
  for (const std::string& axis : axes) sizes.push_back(symmetries.axis(axis).size);
  const std::size_t count = sizes.size();
  for (std::size_t i = 0; i < count; ++i) sizes.push_back(sizes[i]);
  return {std::move(axes), units.reshape(sizes), false};
}

TreeSolution solve_tree(const Symmetries& symmetries, const std::string& root,
                        const std::vector<Agreement>& agreements, const GroupChoice& choice) {
  std::vector<Open> open;
  for (const Agreement& agreement : agreements) {
    if (agreement.axes.empty() || agreement.axes.front() != root) {
      throw std::invalid_argument("an agreement is not of the tree of '" + root + "'");
    }
    open.push_back({open.size(), agreement.axes, agreement.benefit, agreement.sized});
  }
  Found found = TreeSolver(symmetries, choice, open.size()).solve_axis(root, open);
  return {std::move(found.element), std::move(found.objectives), std::move(found.unaligned)};
}

}  // namespace braid
