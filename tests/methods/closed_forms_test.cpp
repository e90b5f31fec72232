// Alignments beyond the paper's: maps inside heads and weight matching. Whatever is found for
// unrelated models is exact; planted elements are found again (planted_test.cpp).
#include <gmock/gmock.h>

#include "braid/alignment/solver.h"
#include "braid/error.h"
#include "tests/checkpoint/temporary_folder.h"
#include "tests/methods/method_case.h"

namespace braid {
namespace {

class MethodTest : public TemporaryFolder, public ::testing::WithParamInterface<MethodCase> {};

TEST_P(MethodTest, IsExactForModelsThatShareNothing) {
  SmallBert bert;
  bert.pooler = true;
  const Model a = bert.model();
  bert.seed = 2;
  const Model b = bert.model();
  const Alignment found = GetParam().solve(a, b);
  EXPECT_TRUE(found.broken.empty());
  const Tensors moved = transform_parameters(b.symmetries, b.parameters, found.transform());
  const at::Tensor ids = random_ids(4, 16, 37, 3);
  const auto logits = [&](const Tensors& parameters) {
    return token_logits(b, parameters, {ids, {}, {}});
  };
  const at::Tensor before = logits(b.parameters);
  EXPECT_LT(largest_difference(before, logits(moved)) / before.abs().max().item<double>(), 1e-8);
  for (const auto& [name, match] : found.axes) EXPECT_LT(condition(match.element), 1e3) << name;
}

TEST_P(MethodTest, IsTheSameForAnyThreadsAndAfterSaving) {
  SmallBert bert;
  const Model a = bert.model();
  bert.seed = 2;
  const Model b = bert.model();
  const auto axes = [](const Alignment& alignment) {
    nlohmann::json json = to_json(alignment)["axes"];
    for (auto& axis : json) axis.erase("seconds");
    return json;
  };
  const Alignment one = GetParam().solve(a, b, 1);
  EXPECT_EQ(axes(one), axes(GetParam().solve(a, b, 3)));
  save_alignment(folder / "ab.alignment", one);
  const Alignment read = load_alignment(folder / "ab.alignment");
  const Tensors x = transform_parameters(b.symmetries, b.parameters, one.transform());
  const Tensors y = transform_parameters(b.symmetries, b.parameters, read.transform());
  EXPECT_LT(largest_relative(x, y), 1e-12);
}

INSTANTIATE_TEST_SUITE_P(All, MethodTest, ::testing::ValuesIn(method_cases()),
                         [](const auto& info) { return info.param.name(); });

at::Tensor random_table(std::int64_t n, std::uint64_t seed) {
  Random random(seed);
  at::Tensor table = at::empty({n, n}, at::kDouble);
  for (std::int64_t i = 0; i < n * n; ++i) table.data_ptr<double>()[i] = random.normal();
  return table;
}

double value(const Element& element, const at::Tensor& benefit) {
  const at::Tensor map = apply(element, at::eye(benefit.size(0), at::kDouble), 0, Role::vector);
  return (map * benefit).sum().item<double>();
}

// No element of the group does better than the solver's, and the solver says its value.
TEST(SolverTest, IsAtLeastAsGoodAsAnyElement) {
  Random random(5);
  for (const Group group : {Group::permutation, Group::signed_permutation,
                            Group::centred_orthogonal, Group::orthogonal}) {
    const at::Tensor benefit = random_table(6, 7);
    const Solved solved = solve(group, benefit);
    EXPECT_NEAR(value(solved.element, benefit), solved.objective, 1e-9) << group_name(group);
    for (int draw = 0; draw < 2000; ++draw) {
      EXPECT_LE(value(random_element(group, 6, random), benefit), solved.objective + 1e-9);
    }
  }
}

TEST(SolverTest, CentredMapsFixTheOnesVector) {
  Random random(6);
  const at::Tensor ones = at::ones({7}, at::kDouble);
  for (const Element& element : {solve(Group::centred_orthogonal, random_table(7, 9)).element,
                                 random_element(Group::centred_orthogonal, 7, random)}) {
    EXPECT_LT(largest_difference(apply(element, ones, 0, Role::vector), ones), 1e-12);
  }
}

TEST(BalanceTest, MakesBothFactorsEqual) {
  const Model model = SmallBert{}.model();
  Transform frames;
  for (const char* axis : {"layer.0.qk", "layer.1.ov"}) {
    frames[axis] = balance(model.symmetries, axis, model.parameters);
  }
  const Tensors balanced = transform_parameters(model.symmetries, model.parameters, frames);
  const auto gram = [&](const char* axis, Role role) {
    at::Tensor sum;
    for (const UsePlace& place : uses_of(model.symmetries, axis)) {
      if (place.role != role) continue;
      const at::Tensor units = units_first(model.symmetries, place, balanced.at(place.tensor));
      const at::Tensor product = at::matmul(units, units.transpose(1, 2));
      sum = sum.defined() ? sum + product : product;
    }
    return sum;
  };
  for (const char* axis : {"layer.0.qk", "layer.1.ov"}) {
    EXPECT_LT(largest_difference(gram(axis, Role::vector), gram(axis, Role::covector)), 1e-9);
  }
}

TEST(WeightsTest, RefuseAnAblation) {
  const Model a = SmallBert{}.model();
  MatchOptions options;
  options.heads = Heads::ignore;
  EXPECT_THAT(error_of([&] {
                align(find_method("weights"), a, a, {}, {options, {}, {}}, {});
              }),
              ::testing::HasSubstr("can only be matched by symmetries"));
}

}  // namespace
}  // namespace braid
