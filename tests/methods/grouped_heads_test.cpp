// Heads as trees of axes, from tables alone: LLaMA's key-value heads with their queries, units that
// rotate, and three levels. Planted elements are found again by weights and by activations, and
// learnt.
#include <gmock/gmock.h>

#include "braid/error.h"
#include "braid/methods/activations.h"
#include "braid/methods/method.h"
#include "tests/checkpoint/temporary_folder.h"

namespace braid {
namespace {

Symmetries grouped_queries() {
  SymmetriesBuilder table("toy", 1);
  table.axis({"x", 20, Group::permutation, "residual", ""})
      .axis({"kv", 3, Group::permutation, "attention", ""})
      .axis({"group", 2, Group::permutation, "attention", "kv"})
      .axis({"qk", 4, Group::rotary, "attention", "kv"})
      .axis({"ov", 4, Group::general, "attention", "kv"})
      .tensor("words", "_50 x")
      .tensor("query", "(kv group qk) x'")
      .tensor("key", "(kv qk') x'")
      .tensor("value", "(kv ov) x'")
      .tensor("output", "x (kv group ov')")
      .tap("embeddings", "x", "residual")
      .tap("context", "kv group ov", "attention")
      .tap("queries", "kv group qk", "query_key")
      .tap("keys", "kv qk'", "query_key");
  return std::move(table).build("");
}

Symmetries three_levels() {
  SymmetriesBuilder table("toy", 1);
  table.axis({"x", 20, Group::permutation, "residual", ""})
      .axis({"a", 2, Group::permutation, "attention", ""})
      .axis({"b", 3, Group::permutation, "attention", "a"})
      .axis({"c", 4, Group::general, "attention", "b"})
      .tensor("words", "_50 x")
      .tensor("in", "(a b c) x'")
      .tensor("out", "x (a b c')")
      .tap("embeddings", "x", "residual")
      .tap("context", "a b c", "attention");
  return std::move(table).build("");
}

at::Tensor random_tensor(at::IntArrayRef shape, Random& random) {
  at::Tensor tensor = at::empty(shape, at::kDouble);
  for (std::int64_t i = 0; i < tensor.numel(); ++i) {
    tensor.data_ptr<double>()[i] = random.normal();
  }
  return tensor;
}

Tensors random_tensors(const Symmetries& table, Random& random) {
  Tensors tensors;
  for (const auto& [name, pattern] : table.tensors) {
    tensors[name] = random_tensor(table.shape(pattern), random);
  }
  return tensors;
}

// An element of the group that these options look in; moduli of 1 unless they are looked for.
Element random_in(const Axis& axis, const MatchOptions& options, Random& random) {
  const std::optional<Group> group = usable_group(axis, options);
  if (!group) return identity_element(axis.group, axis.size);
  Element element = random_element(*group, axis.size, random);
  auto* rotary = std::get_if<RotaryScaling>(&element);
  if (rotary && options.in_head != InHead::general) {
    const at::Tensor modulus = (rotary->real.square() + rotary->imaginary.square()).sqrt();
    rotary->real = rotary->real / modulus;
    rotary->imaginary = rotary->imaginary / modulus;
  }
  return element;
}

Transform plant(const Symmetries& table, const MatchOptions& options, Random& random) {
  Transform planted;
  for (const auto& [name, axis] : table.axes) {
    for (std::int64_t block = 0; block < table.blocks(axis); ++block) {
      planted[name].push_back(random_in(axis, options, random));
    }
  }
  return planted;
}

// Features of A at random, and B's as its element has them.
MomentsByTap observed(const Symmetries& table, const MatchOptions& options,
                      const Transform& planted, Random& random) {
  MomentsByTap moments;
  for (const std::string& name : taps_to_observe(table, options)) {
    const Product& axes = table.tap(name).axes;
    const std::int64_t units = table.shape({{axes}}).front();
    at::Tensor a = random_tensor({600, units}, random);
    at::Tensor b =
        transform_tensor(table, {{{{"", Role::inert, 600}}}, {axes}}, a, planted).clone();
    MomentsStream stream(units, units);
    stream.add_sums(a, b);
    stream.add_cross(a, b, 0, units);
    moments[name] = std::move(stream).finish();
  }
  return moments;
}

double largest_change(const Tensors& a, const Tensors& b) {
  double worst = 0;
  for (const auto& [name, tensor] : a) {
    worst = std::max(worst, (tensor - b.at(name)).abs().max().item<double>());
  }
  return worst;
}

struct Case {
  const char* name;
  Symmetries (*table)();
  InHead in_head;
};

class TreeTest : public ::testing::TestWithParam<Case> {
 protected:
  TreeTest() : table_(GetParam().table()) {
    options_.components = {"residual", "attention"};
    options_.query_key = QueryKey::separate;
    options_.in_head = GetParam().in_head;
  }

  // B is A, moved; `find` gets both and must move it back.
  template <typename Find>
  void expect_found(Find find) const {
    Random random(7);
    for (int draw = 0; draw < 3; ++draw) {
      const Tensors a = random_tensors(table_, random);
      const Transform planted = plant(table_, options_, random);
      const Tensors b = transform_parameters(table_, a, planted);
      Matching matching{table_, options_, {}};
      if (options_.in_head == InHead::general) matching.frames = find_frames(table_, a, b);
      const Alignment found = find(matching, a, b, planted, random);
      EXPECT_LT(largest_change(a, transform_parameters(table_, b, found.transform())), 1e-6);
    }
  }

  Symmetries table_;
  MatchOptions options_;
};

TEST_P(TreeTest, WeightsFindAPlantedElement) {
  expect_found([](const Matching& matching, const Tensors& a, const Tensors& b, const Transform&,
                  Random&) { return match_weights(matching, a, b, {}, {}, {.threads = 2}); });
}

TEST_P(TreeTest, ActivationsFindAPlantedElement) {
  expect_found([](const Matching& matching, const Tensors&, const Tensors&,
                  const Transform& planted, Random& random) {
    return match(matching, observed(matching.symmetries, matching.options, planted, random),
                 {.threads = 2});
  });
}

TEST_P(TreeTest, InverseAndCompositionActAsTheySay) {
  Random random(9);
  const Tensors tensors = random_tensors(table_, random);
  const Transform g = random_transform(table_, random), h = random_transform(table_, random);
  const Tensors moved = transform_parameters(table_, tensors, g);
  EXPECT_LT(largest_change(tensors, transform_parameters(table_, moved, inverse(table_, g))), 1e-9);
  EXPECT_LT(largest_change(transform_parameters(table_, moved, h),
                           transform_parameters(table_, tensors, compose(table_, h, g))),
            1e-9);
}

INSTANTIATE_TEST_SUITE_P(
    Tables, TreeTest,
    ::testing::Values(Case{"QueriesPermuted", grouped_queries, InHead::permutation},
                      Case{"QueriesTurned", grouped_queries, InHead::orthogonal},
                      Case{"QueriesScaled", grouped_queries, InHead::general},
                      Case{"LevelsPermuted", three_levels, InHead::permutation},
                      Case{"LevelsTurned", three_levels, InHead::orthogonal},
                      Case{"LevelsMapped", three_levels, InHead::general}),
    [](const auto& info) { return info.param.name; });

// What an axis is matched in: never more than its table allows, whatever is wished.
TEST(UsableGroupTest, IsOfTheAxisAndTheWish) {
  const auto usable = [](Group group, InHead wish, const char* per = "head") {
    MatchOptions options;
    options.in_head = wish;
    return usable_group({"axis", 4, group, "attention", per}, options);
  };
  using G = Group;
  EXPECT_EQ(usable(G::general, InHead::permutation), G::permutation);
  EXPECT_EQ(usable(G::general, InHead::orthogonal), G::orthogonal);
  EXPECT_EQ(usable(G::general, InHead::general), G::general);
  EXPECT_EQ(usable(G::orthogonal, InHead::general), G::orthogonal);
  EXPECT_EQ(usable(G::signed_permutation, InHead::general), G::signed_permutation);
  EXPECT_EQ(usable(G::rotary, InHead::orthogonal), G::rotary);
  EXPECT_EQ(usable(G::rotary, InHead::general), G::rotary);
  EXPECT_EQ(usable(G::rotary, InHead::permutation), std::nullopt);  // none commutes
  EXPECT_EQ(usable(G::permutation, InHead::general), G::permutation);
  EXPECT_EQ(usable(G::permutation, InHead::general, ""), G::permutation);
  MatchOptions monotonic;
  monotonic.heads = Heads::monotonic;
  EXPECT_EQ(usable_group({"group", 2, G::permutation, "attention", "kv"}, monotonic), std::nullopt);
}

// Complex numbers, modulus and all, not an orthogonal map projected at the end.
TEST(LearnedTreeTest, ARotaryAxisLearnsComplexNumbers) {
  Random random(17);
  Model a;
  a.symmetries = grouped_queries();
  a.parameters = random_tensors(a.symmetries, random);
  Transform planted;
  for (int block = 0; block < 3; ++block) {
    // Not far from the identity: what gradients can walk to.
    const at::Tensor angle = 0.6 * random_tensor({2}, random), modulus = 1.3 + 0.1 * angle;
    planted["qk"].push_back(RotaryScaling{modulus * angle.cos(), modulus * angle.sin()});
  }
  Model b = a;
  b.parameters = transform_parameters(a.symmetries, a.parameters, planted);
  Evidence evidence;
  evidence.start.emplace();
  evidence.losses = [&](std::int64_t) {
    StepPart part;
    part.tokens = 1;
    part.loss = [&](const Tensors& merged) {
      at::Tensor sum = at::zeros({}, at::kFloat);
      for (const char* name : {"query", "key"}) {
        sum = sum + (merged.at(name) - a.parameters.at(name).to(at::kFloat)).square().mean();
      }
      return sum;
    };
    return std::vector<StepPart>{part};
  };
  LearnOptions options;
  options.latents.learn = {"in-head"};
  options.steps = 500;
  options.latents.learning_rate = 0.03;
  const Alignment learned = learn_alignment(a, b, evidence, options, {});
  const AxisMatch& match = learned.axes.at("qk");
  ASSERT_EQ(match.element.size(), 3u);
  EXPECT_EQ(match.units, 12);
  EXPECT_TRUE(match.repeated);
  const Transform back = inverse(a.symmetries, planted);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto& found = std::get<RotaryScaling>(match.element[i]);
    const auto& wanted = std::get<RotaryScaling>(back.at("qk")[i]);
    EXPECT_LT((found.real - wanted.real).abs().max().item<double>(), 1e-2);
    EXPECT_LT((found.imaginary - wanted.imaginary).abs().max().item<double>(), 1e-2);
  }
  check_transform(a.symmetries, learned.transform());
}

}  // namespace
}  // namespace braid
