// solve_tree against every element there is.
#include <gmock/gmock.h>

#include <numeric>

#include "braid/alignment/solver.h"
#include "braid/symmetry/transform.h"

namespace braid {
namespace {

Symmetries three_deep() {
  SymmetriesBuilder table("toy", 1);
  table.axis({"a", 2, Group::permutation, "attention", ""})
      .axis({"b", 2, Group::permutation, "attention", "a"})
      .axis({"c", 2, Group::permutation, "attention", "b"})
      .tensor("w", "(a b c)");
  return std::move(table).build("");
}

// LLaMA's heads: group and units of one key-value head, units shared by its queries.
Symmetries grouped() {
  SymmetriesBuilder table("toy", 1);
  table.axis({"kv", 2, Group::permutation, "attention", ""})
      .axis({"group", 2, Group::permutation, "attention", "kv"})
      .axis({"units", 3, Group::permutation, "attention", "kv"})
      .tensor("q", "(kv group units)")
      .tensor("k", "(kv units)");
  return std::move(table).build("");
}

at::Tensor random_table(std::int64_t n, Random& random) {
  at::Tensor table = at::empty({n, n}, at::kDouble);
  for (std::int64_t i = 0; i < n * n; ++i) table.data_ptr<double>()[i] = random.normal();
  return table;
}

std::vector<Permutation> all_permutations(std::int64_t n) {
  Permutation p;
  p.indices.resize(static_cast<std::size_t>(n));
  std::iota(p.indices.begin(), p.indices.end(), std::int64_t{0});
  std::vector<Permutation> all;
  do {
    all.push_back(p);
  } while (std::next_permutation(p.indices.begin(), p.indices.end()));
  return all;
}

// Calls `visit` with every transform whose axes are permutations.
void for_every(const Symmetries& table, std::vector<std::string> axes, Transform& chosen,
               const std::function<void(const Transform&)>& visit) {
  if (axes.empty()) return visit(chosen);
  const std::string name = axes.back();
  axes.pop_back();
  const Axis& axis = table.axis(name);
  const std::vector<Permutation> all = all_permutations(axis.size);
  const auto blocks = static_cast<std::size_t>(table.blocks(axis));
  std::vector<std::size_t> digits(blocks);
  while (true) {
    chosen[name].clear();
    for (const std::size_t digit : digits) chosen[name].emplace_back(all[digit]);
    for_every(table, axes, chosen, visit);
    std::size_t b = 0;
    while (b < blocks && ++digits[b] == all.size()) digits[b++] = 0;
    if (b == blocks) return;
  }
}

double value(const Symmetries& table, const std::vector<std::string>& axes,
             const at::Tensor& benefit, const Transform& element) {
  Product units;
  for (const std::string& axis : axes) units.push_back({axis, Role::vector});
  const Pattern pattern = {{{{"", Role::inert, benefit.size(0)}}}, {units}};
  return transform_tensor(table, pattern, benefit, element).diagonal().sum().item<double>();
}

const GroupChoice free_choice = [](const Axis& axis) -> std::optional<Group> { return axis.group; };

TEST(TreeSolverTest, ThreeLevelsAreExact) {
  const Symmetries table = three_deep();
  Random random(11);
  for (int draw = 0; draw < 20; ++draw) {
    const at::Tensor fine = random_table(8, random), coarse = random_table(4, random);
    const std::vector<std::string> abc = {"a", "b", "c"}, ab = {"a", "b"};
    const TreeSolution found =
        solve_tree(table, "a", {Agreement::of(table, ab, coarse), Agreement::of(table, abc, fine)},
                   free_choice);
    double best = -1e9;
    Transform chosen;
    for_every(table, {"a", "b", "c"}, chosen, [&](const Transform& element) {
      best = std::max(best, value(table, abc, fine, element) + value(table, ab, coarse, element));
    });
    EXPECT_NEAR(found.objectives[0] + found.objectives[1], best, 1e-9);
    EXPECT_NEAR(value(table, ab, coarse, found.element), found.objectives[0], 1e-9);
    EXPECT_NEAR(value(table, abc, fine, found.element), found.objectives[1], 1e-9);
    EXPECT_NEAR(found.unaligned[1], fine.trace().item<double>(), 1e-9);
  }
}

TEST(TreeSolverTest, SharedUnitsAreFoundNearlyAlways) {
  const Symmetries table = grouped();
  Random random(12);
  const std::vector<std::string> query = {"kv", "group", "units"}, key = {"kv", "units"};
  int exact = 0;
  for (int draw = 0; draw < 10; ++draw) {
    const at::Tensor q = random_table(12, random), k = random_table(6, random);
    const TreeSolution found = solve_tree(
        table, "kv", {Agreement::of(table, query, q), Agreement::of(table, key, k)}, free_choice);
    const double reached = found.objectives[0] + found.objectives[1];
    EXPECT_NEAR(value(table, query, q, found.element) + value(table, key, k, found.element),
                reached, 1e-9);
    double best = -1e9;
    Transform chosen;
    for_every(table, {"kv", "group", "units"}, chosen, [&](const Transform& element) {
      best = std::max(best, value(table, query, q, element) + value(table, key, k, element));
    });
    EXPECT_LE(reached, best + 1e-9);
    exact += reached > best - 1e-9;
  }
  EXPECT_GE(exact, 6);  // on noise; what is planted is found always (grouped_heads_test)
}

TEST(TreeSolverTest, WhatMayNotMoveStays) {
  const Symmetries table = three_deep();
  Random random(13);
  const at::Tensor benefit = random_table(8, random);
  const TreeSolution found =
      solve_tree(table, "a", {Agreement::of(table, {"a", "b", "c"}, benefit)},
                 [](const Axis& axis) -> std::optional<Group> {
                   if (axis.name == "c") return Group::permutation;
                   return std::nullopt;
                 });
  EXPECT_EQ(std::get<Permutation>(found.element.at("a").front()).indices,
            (std::vector<std::int64_t>{0, 1}));
  double expected = 0;
  for (std::int64_t i = 0; i < 4; ++i) {
    expected +=
        solve(Group::permutation, benefit.narrow(0, 2 * i, 2).narrow(1, 2 * i, 2)).objective;
  }
  EXPECT_NEAR(found.objectives.front(), expected, 1e-9);
  EXPECT_EQ(found.element.at("c").size(), 4u);
}

}  // namespace
}  // namespace braid
