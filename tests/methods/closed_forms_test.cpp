// Alignments beyond the paper's: maps inside heads and weight matching. Planted elements are found
// again, and whatever is found for unrelated models is exact.
#include <gmock/gmock.h>

#include "braid/alignment/observe.h"
#include "braid/alignment/solver.h"
#include "braid/error.h"
#include "braid/methods/method.h"
#include "tests/checkpoint/temporary_folder.h"
#include "tests/models/small_bert.h"

namespace braid {
namespace {

struct Case {
  const char* method;
  InHead in_head;
};

std::string name_of(const ::testing::TestParamInfo<Case>& info) {
  const char* maps[] = {"Permutation", "Orthogonal", "General"};
  return std::string(info.param.method) + maps[static_cast<int>(info.param.in_head)];
}

Alignment solve_case(const Model& a, const Model& b, const Case& with, int threads = 2) {
  MatchOptions options;
  options.components = {"ffn", "attention", "residual"};
  for (const auto& [name, axis] : a.symmetries.axes) options.components.insert(axis.component);
  options.query_key = QueryKey::separate;
  options.in_head = with.in_head;
  const Method& method = find_method(with.method);
  ObserveOptions observing;
  Evidence evidence;
  if (method.needs.moments) {
    observing.taps = taps_to_observe(a.symmetries, options);
    auto next = std::make_shared<std::uint64_t>(0);
    const auto source = [next]() -> TokenSequence {
      if (*next == 150) return {};
      const at::Tensor ids = random_ids(1, 16, 37, 100 + (*next)++);
      return {{ids.data_ptr<std::int64_t>(), ids.data_ptr<std::int64_t>() + 16}, {}};
    };
    evidence.moments = observe(a, b, source, observing);
  }
  return align(method, a, b, evidence, {options, {}, {}}, {.threads = threads});
}

// Signs only where the method looks for them.
Transform planted(const Model& model, const Case& with, Random& random) {
  Transform transform;
  for (const auto& [name, axis] : model.symmetries.axes) {
    Group group = axis.per.empty() ? axis.group : static_cast<Group>(Group::permutation);
    if (!axis.per.empty() && with.in_head == InHead::orthogonal) group = Group::orthogonal;
    if (!axis.per.empty() && with.in_head == InHead::general) group = Group::general;
    if (with.method != std::string("weights") && group == Group::signed_permutation)
      group = Group::permutation;
    for (std::int64_t block = 0; block < model.symmetries.blocks(axis); ++block) {
      transform[name].push_back(random_element(group, axis.size, random));
    }
  }
  return transform;
}

double largest_relative(const Tensors& a, const Tensors& b) {
  double worst = 0;
  for (const auto& [name, tensor] : a) {
    worst =
        std::max(worst, largest_difference(tensor, b.at(name)) / tensor.abs().max().item<double>());
  }
  return worst;
}

class MethodTest : public TemporaryFolder, public ::testing::WithParamInterface<Case> {};

TEST_P(MethodTest, FindsAPlantedElementAgain) {
  SmallBert bert;
  bert.pooler = true;
  const Model a = bert.model();
  Random random(31);
  Model b = a;
  b.parameters = transform_parameters(a.symmetries, a.parameters, planted(a, GetParam(), random));
  const Alignment found = solve_case(a, b, GetParam());
  const Tensors back = transform_parameters(b.symmetries, b.parameters, found.transform());
  EXPECT_LT(largest_relative(a.parameters, back), 1e-4);
}

TEST_P(MethodTest, IsExactForModelsThatShareNothing) {
  SmallBert bert;
  bert.pooler = true;
  const Model a = bert.model();
  bert.seed = 2;
  const Model b = bert.model();
  const Alignment found = solve_case(a, b, GetParam());
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
  const Alignment one = solve_case(a, b, GetParam(), 1);
  EXPECT_EQ(axes(one), axes(solve_case(a, b, GetParam(), 3)));
  save_alignment(folder / "ab.alignment", one);
  const Alignment read = load_alignment(folder / "ab.alignment");
  const Tensors x = transform_parameters(b.symmetries, b.parameters, one.transform());
  const Tensors y = transform_parameters(b.symmetries, b.parameters, read.transform());
  EXPECT_LT(largest_relative(x, y), 1e-12);
}

INSTANTIATE_TEST_SUITE_P(
    All, MethodTest,
    ::testing::Values(Case{"activations", InHead::orthogonal}, Case{"activations", InHead::general},
                      Case{"weights", InHead::permutation}, Case{"weights", InHead::orthogonal},
                      Case{"weights", InHead::general}, Case{"both", InHead::permutation},
                      Case{"both", InHead::orthogonal}, Case{"both", InHead::general}),
    name_of);

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
              ::testing::HasSubstr("matched by symmetries only"));
}

}  // namespace
}  // namespace braid
