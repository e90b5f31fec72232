// Group laws of every kind of element, and what rotary scalings are for.
#include "braid/symmetry/group.h"

#include <gmock/gmock.h>

#include <numbers>

#include "braid/error.h"
#include "braid/symmetry/transform.h"

namespace braid {
namespace {

at::Tensor random_tensor(std::vector<std::int64_t> shape, Random& random) {
  at::Tensor tensor = at::empty(shape, at::kDouble);
  for (std::int64_t i = 0; i < tensor.numel(); ++i) tensor.data_ptr<double>()[i] = random.normal();
  return tensor;
}

double difference(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

class GroupLawsTest : public ::testing::TestWithParam<Group> {};

TEST_P(GroupLawsTest, ComposeAndInvert) {
  Random random(11);
  for (int draw = 0; draw < 10; ++draw) {
    const Element g = random_element(GetParam(), 6, random),
                  h = random_element(GetParam(), 6, random);
    const at::Tensor x = random_tensor({3, 6, 2}, random);
    for (const Role role : {Role::vector, Role::covector}) {
      const at::Tensor expected = apply(g, apply(h, x, 1, role), 1, role);
      EXPECT_LT(difference(apply(compose(g, h), x, 1, role), expected), 1e-12);
      EXPECT_LT(difference(apply(inverse(g), apply(g, x, 1, role), 1, role), x), 1e-12);
    }
  }
}

// A vector and a covector keep their product: queries with keys, values with what reads them.
TEST_P(GroupLawsTest, KeepsProductsOfVectorsWithCovectors) {
  Random random(12);
  const Element g = random_element(GetParam(), 6, random);
  const at::Tensor x = random_tensor({5, 6}, random), y = random_tensor({4, 6}, random);
  const at::Tensor moved = at::mm(apply(g, x, 1, Role::vector), apply(g, y, 1, Role::covector).t());
  EXPECT_LT(difference(moved, at::mm(x, y.t())), 1e-12);
}

INSTANTIATE_TEST_SUITE_P(All, GroupLawsTest,
                         ::testing::Values(Group::permutation, Group::signed_permutation,
                                           Group::centred_orthogonal, Group::orthogonal,
                                           Group::general, Group::rotary, Group::rotary_signs),
                         [](const auto& info) {
                           return std::to_string(static_cast<int>(info.param));
                         });

TEST(ComposeTest, KindsMeetInTheSmallestThatHasBoth) {
  Random random(13);
  const at::Tensor x = random_tensor({6, 2}, random);
  const std::vector<Element> elements = {random_element(Group::permutation, 6, random),
                                         random_element(Group::signed_permutation, 6, random),
                                         random_element(Group::general, 6, random)};
  for (std::size_t i = 0; i < elements.size(); ++i) {
    for (std::size_t j = 0; j < elements.size(); ++j) {
      const Element both = compose(elements[i], elements[j]);
      EXPECT_EQ(both.index(), std::max(elements[i].index(), elements[j].index()));
      const at::Tensor expected =
          apply(elements[i], apply(elements[j], x, 0, Role::vector), 0, Role::vector);
      EXPECT_LT(difference(apply(both, x, 0, Role::vector), expected), 1e-12);
    }
  }
  EXPECT_THROW(compose(elements[0], random_element(Group::rotary, 6, random)),
               std::invalid_argument);
  EXPECT_THROW(compose(elements[0], RelaxedPermutation{at::eye(6), {}}), std::invalid_argument);
}

// Rotary position embeddings (Su et al. 2021), halves paired as in LLaMA: x (positions, units).
at::Tensor rotate(const at::Tensor& x) {
  const std::int64_t pairs = x.size(1) / 2;
  const at::Tensor frequency = at::pow(10000.0, -at::arange(pairs, at::kDouble) / pairs);
  const at::Tensor angle = at::outer(at::arange(x.size(0), at::kDouble), frequency);
  const auto half = x.chunk(2, 1);
  return at::cat({half[0] * angle.cos() - half[1] * angle.sin(),
                  half[1] * angle.cos() + half[0] * angle.sin()},
                 1);
}

TEST(RotaryTest, LeavesScoresOfRotatedQueriesAndKeys) {
  Random random(14);
  const at::Tensor q = random_tensor({7, 8}, random), k = random_tensor({7, 8}, random);
  const at::Tensor scores = at::mm(rotate(q), rotate(k).t());
  const auto moved = [&](Group group) {
    const Element g = random_element(group, 8, random);
    return at::mm(rotate(apply(g, q, 1, Role::vector)), rotate(apply(g, k, 1, Role::covector)).t());
  };
  EXPECT_LT(difference(moved(Group::rotary), scores), 1e-12);
  // What is a symmetry without positions is none with them.
  EXPECT_GT(difference(moved(Group::permutation), scores), 1e-2);
  EXPECT_GT(difference(moved(Group::orthogonal), scores), 1e-2);
}

TEST(RotaryTest, TablesTakeNothingElseOnSuchAnAxis) {
  SymmetriesBuilder builder("toy", 1);
  builder.axis({"qk", 6, Group::rotary, "attention", ""}).tensor("query", "qk _4");
  const Symmetries table = std::move(builder).build("");
  Random random(15);
  EXPECT_NO_THROW(check_transform(table, {{"qk", {random_element(Group::rotary, 6, random)}}}));
  EXPECT_THROW(check_transform(table, {{"qk", {random_element(Group::rotary, 8, random)}}}), Error);
  EXPECT_THROW(check_transform(table, {{"qk", {random_element(Group::permutation, 6, random)}}}),
               Error);
  EXPECT_THROW(check_transform(table, {{"qk", {random_element(Group::general, 6, random)}}}),
               Error);
  EXPECT_THROW(check_transform(table, {{"qk", {RotaryScaling{at::zeros(3), at::zeros(3)}}}}),
               Error);
  const auto odd = [] {
    SymmetriesBuilder toy("toy", 1);
    toy.axis({"qk", 5, Group::rotary, "attention", ""});
  };
  EXPECT_THROW(odd(), std::invalid_argument);
  const auto gain = [] {
    SymmetriesBuilder toy("toy", 1);
    toy.axis({"qk", 6, Group::rotary, "attention", ""}).tensor("norm", "=qk");
  };
  EXPECT_THROW(gain(), std::invalid_argument);
}

}  // namespace
}  // namespace braid
