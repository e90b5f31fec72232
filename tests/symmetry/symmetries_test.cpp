#include "braid/symmetry/symmetries.h"

#include <gmock/gmock.h>

#include "braid/error.h"
#include "braid/symmetry/transform.h"

namespace braid {
namespace {

using ::testing::HasSubstr;

Symmetries two_layers() {
  SymmetriesBuilder table("toy", 2);
  table.axis({"x", 4, Group::permutation, "residual", ""})
      .axis({"layer.*.head", 2, Group::permutation, "attention", ""})
      .axis({"layer.*.ov", 3, Group::general, "attention", "layer.*.head"})
      .tensor("layer.*.value", "(head ov) x'")
      .tensor("layer.*.output", "x (head ov')")
      .tensor("norm", "=x")
      .tap("layer.*.context", "head ov", "attention");
  return std::move(table).build("");
}

TEST(SymmetriesTest, RepeatsRulesForEveryLayer) {
  const Symmetries table = two_layers();
  EXPECT_EQ(table.axes.size(), 5u);
  EXPECT_EQ(table.axis("layer.1.ov").per, "layer.1.head");
  EXPECT_EQ(table.blocks(table.axis("layer.1.ov")), 2);
  EXPECT_EQ(format_pattern(table.tensors.at("layer.1.value")), "(layer.1.head layer.1.ov) x'");
  EXPECT_EQ(table.parameters(), 2 * (6 * 4 + 4 * 6) + 4);
}

// Rows head by head, as one tensor and as three: what acts on the three acts on the one.
TEST(SymmetriesTest, TermsUnderSharedFactorsAreTensorsOfTheirOwn) {
  SymmetriesBuilder builder("toy", 1);
  builder.axis({"x", 4, Group::permutation, "residual", ""})
      .axis({"head", 2, Group::permutation, "attention", ""})
      .axis({"qk", 6, Group::rotary, "attention", "head"})
      .axis({"ov", 3, Group::general, "attention", "head"})
      .tensor("fused", "(head (qk | qk' | ov)) x'")
      .tensor("query", "(head qk) x'")
      .tensor("key", "(head qk') x'")
      .tensor("value", "(head ov) x'");
  const Symmetries table = std::move(builder).build("");
  EXPECT_EQ(table.shape(table.tensors.at("fused")), (std::vector<std::int64_t>{30, 4}));
  Tensors tensors;
  for (const auto& [name, pattern] : table.tensors) {
    tensors[name] = at::randn(table.shape(pattern), at::kDouble);
  }
  const auto by_head = [](const Tensors& t) {
    const auto heads = [&](const char* name) { return t.at(name).unflatten(0, {2, -1}); };
    return at::cat({heads("query"), heads("key"), heads("value")}, 1).flatten(0, 1);
  };
  tensors["fused"] = by_head(tensors);
  Random random(3);
  const Tensors moved = transform_parameters(table, tensors, random_transform(table, random));
  EXPECT_TRUE(moved.at("fused").equal(by_head(moved)));
  EXPECT_FALSE(moved.at("fused").equal(tensors.at("fused")));
}

TEST(SymmetriesTest, RefusesTablesThatContradictThemselves) {
  const auto gain_on = [](Group group) {
    SymmetriesBuilder table("toy", 1);
    table.axis({"x", 4, group, "residual", ""}).tensor("norm", "=x");
  };
  EXPECT_NO_THROW(gain_on(Group::signed_permutation));
  EXPECT_THROW(gain_on(Group::orthogonal), std::invalid_argument);
  EXPECT_THROW(SymmetriesBuilder("toy", 1).tensor("w", "x"), std::invalid_argument);
  const auto tied_on = [](Group group) {
    SymmetriesBuilder table("toy", 1);
    table.axis({"x", 4, group, "residual", ""}).tensor("words", "_9 x").also_read("words");
  };
  EXPECT_NO_THROW(tied_on(Group::orthogonal));
  EXPECT_THROW(tied_on(Group::general), std::invalid_argument);
  // Units of a head mean nothing without the head outside them.
  SymmetriesBuilder inside("toy", 1);
  inside.axis({"x", 4, Group::permutation, "residual", ""})
      .axis({"head", 2, Group::permutation, "attention", ""})
      .axis({"ov", 3, Group::general, "attention", "head"});
  EXPECT_NO_THROW(inside.tensor("value", "(head ov) x'"));
  EXPECT_THROW(inside.tensor("wrong", "(ov head) x'"), std::invalid_argument);
  EXPECT_THROW(inside.tensor("wrong", "ov x'"), std::invalid_argument);
  SymmetriesBuilder unused("toy", 1);
  unused.axis({"x", 4, Group::permutation, "residual", ""});
  EXPECT_THROW(std::move(unused).build(""), std::invalid_argument);
}

TEST(SymmetriesTest, NamesTensorsThatDoNotFit) {
  const Symmetries table = two_layers();
  Tensors tensors;
  for (const auto& [name, pattern] : table.tensors) tensors[name] = at::zeros(table.shape(pattern));
  EXPECT_NO_THROW(check_tensors(table, tensors, "here"));
  const auto message = [&](const Tensors& changed) -> std::string {
    try {
      check_tensors(table, changed, "here");
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  Tensors changed = tensors;
  changed.erase("norm");
  EXPECT_THAT(message(changed), HasSubstr("missing: norm"));
  changed = tensors;
  changed["stray"] = at::zeros(1);
  EXPECT_THAT(message(changed), HasSubstr("stray"));
  changed = tensors;
  changed["norm"] = at::zeros(5);
  EXPECT_THAT(message(changed), HasSubstr("norm has shape [5], but config.json implies [4]"));
}

// Against the definition, written with dense matrices: value -> (P kron I) diag(E) value.
TEST(TransformTest, ActsOuterAxesBeforeInnerOnes) {
  const Symmetries table = two_layers();
  Random random(3);
  Transform transform;
  transform["layer.0.head"] = {Permutation{{1, 0}}};
  for (int i = 0; i < 2; ++i) {
    transform["layer.0.ov"].push_back(random_element(Group::general, 3, random));
  }
  const at::Tensor value = at::arange(24, at::kDouble).reshape({6, 4});
  const auto& first = std::get<Matrix>(transform["layer.0.ov"][0]).forward;
  const auto& second = std::get<Matrix>(transform["layer.0.ov"][1]).forward;
  const at::Tensor expected =
      at::cat({at::mm(first, value.narrow(0, 3, 3)), at::mm(second, value.narrow(0, 0, 3))});
  const at::Tensor found =
      transform_tensor(table, table.tensors.at("layer.0.value"), value, transform);
  EXPECT_LT((found - expected).abs().max().item<double>(), 1e-12);
}

TEST(TransformTest, InverseTakesEveryElementBack) {
  const Symmetries table = two_layers();
  Random random(5);
  Tensors tensors;
  for (const auto& [name, pattern] : table.tensors) {
    tensors[name] = at::arange(1, 1 + at::zeros(table.shape(pattern)).numel(), at::kDouble)
                        .reshape(table.shape(pattern));
  }
  for (int draw = 0; draw < 20; ++draw) {
    const Transform element = random_transform(table, random);
    const Tensors moved = transform_parameters(table, tensors, element);
    const Tensors back = transform_parameters(table, moved, inverse(table, element));
    for (const auto& [name, tensor] : tensors) {
      EXPECT_LT((back.at(name) - tensor).abs().max().item<double>(), 1e-10) << name;
    }
  }
}

TEST(TransformTest, RefusesWhatIsNotInTheGroup) {
  const Symmetries table = two_layers();
  EXPECT_THROW(check_transform(table, {{"x", {Permutation{{0, 1, 1, 2}}}}}), Error);
  EXPECT_THROW(check_transform(table, {{"x", {Permutation{{0, 1, 2}}}}}), Error);
  EXPECT_THROW(check_transform(table, {{"x", {Permutation{{0, 1, 2, 4}}}}}), Error);
  EXPECT_THROW(check_transform(table, {{"y", {Permutation{{0, 1, 2, 3}}}}}), Error);
  EXPECT_THROW(check_transform(table, {{"x", {SignedPermutation{{0, 1, 2, 3}, {1, -1, 1, 1}}}}}),
               Error);
  EXPECT_THROW(check_transform(table, {{"x", {Matrix{at::eye(4), at::eye(4)}}}}), Error);
  EXPECT_THROW(check_transform(table, {{"layer.0.ov", {Permutation{{0, 1, 2}}}}}), Error);
}

}  // namespace
}  // namespace braid
