// The claim that everything rests on: a random element of every axis's group leaves the function as
// it was, and a slightly larger group does not.
#include <gmock/gmock.h>

#include "braid/symmetry/transform.h"
#include "tests/models/small_bert.h"

namespace braid {
namespace {

struct Outputs {
  at::Tensor logits, sentence;
};

Outputs compute(const Model& model, const Tensors& parameters) {
  const at::Tensor ids = random_ids(3, 11, 37, 9);
  at::Tensor mask = at::ones({3, 11}, at::kBool);
  mask[1].narrow(0, 6, 5).fill_(false);
  const at::Tensor hidden = model.network->encode(parameters, {ids, mask, {}});
  Outputs outputs;
  if (model.network->has_token_head(parameters)) {
    outputs.logits = model.network->token_logits(parameters, hidden);
  }
  if (model.network->has_pooler(parameters)) {
    outputs.sentence =
        at::linear(model.network->pool(parameters, hidden), parameters.at("classifier.weight"),
                   parameters.at("classifier.bias"));
  }
  return outputs;
}

double change(const Model& model, const Transform& element) {
  const Outputs before = compute(model, model.parameters);
  const Outputs after =
      compute(model, transform_parameters(model.symmetries, model.parameters, element));
  double largest = 0;
  if (before.logits.defined()) largest = largest_difference(before.logits, after.logits);
  if (before.sentence.defined()) {
    largest = std::max(largest, largest_difference(before.sentence, after.sentence));
  }
  return largest;
}

class GroupTest : public ::testing::TestWithParam<bool> {
 protected:
  Model model() const {
    SmallBert bert;
    bert.tied = GetParam();
    bert.pooler = bert.classifier = true;
    return bert.model();
  }
};

TEST_P(GroupTest, ARandomElementOfEachAxisLeavesTheLogits) {
  const Model model = this->model();
  Random random(17);
  for (const auto& [name, axis] : model.symmetries.axes) {
    Transform element;
    for (std::int64_t block = 0; block < model.symmetries.blocks(axis); ++block) {
      element[name].push_back(random_element(axis.group, axis.size, random));
    }
    EXPECT_LT(change(model, element), 1e-9) << name << ": " << group_name(axis.group);
  }
}

TEST_P(GroupTest, AllAxesTogetherLeaveTheLogits) {
  const Model model = this->model();
  Random random(18);
  for (int draw = 0; draw < 5; ++draw) {
    EXPECT_LT(change(model, random_transform(model.symmetries, random)), 1e-9);
  }
}

TEST_P(GroupTest, ALargerGroupDoesNot) {
  Model model = this->model();
  Random random(19);
  const std::map<std::string, Group> larger = {{"x", Group::signed_permutation},
                                               {"layer.0.ffn", Group::signed_permutation},
                                               {"layer.1.head", Group::orthogonal},
                                               {"pooled", Group::orthogonal}};
  for (const auto& [name, group] : larger) {
    Axis& axis = model.symmetries.axes.at(name);
    axis.group = group;
    Element element = random_element(group, axis.size, random);
    if (auto* signs = std::get_if<SignedPermutation>(&element))
      signs->signs.front() = -1, signs->signs.back() = 1;
    EXPECT_GT(change(model, {{name, {element}}}), 1e-3) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(TiedAndUntied, GroupTest, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "tied" : "untied"; });

TEST(AblationTest, BreaksTheFunction) {
  Random random(20);
  for (const Ablation ablation :
       {Ablation{.separate_residual = true}, Ablation{.ignore_heads = true}}) {
    const Model model = SmallBert{}.model(ablation);
    EXPECT_GT(change(model, random_transform(model.symmetries, random)), 1e-3);
  }
}

TEST(UntieTest, KeepsTheFunction) {
  const Model model = SmallBert{}.model();
  const Model untied = untie(model);
  ASSERT_TRUE(untied.parameters.contains("cls.predictions.decoder.weight"));
  EXPECT_EQ(largest_difference(compute(model, model.parameters).logits,
                               compute(untied, untied.parameters).logits),
            0);
}

TEST(CheckTokensTest, NamesWhatDoesNotFit) {
  const Model model = SmallBert{}.model();
  EXPECT_NO_THROW(check_tokens(*model.network, random_ids(1, 16, 37, 1)));
  EXPECT_ANY_THROW(check_tokens(*model.network, random_ids(1, 17, 37, 1)));
  EXPECT_ANY_THROW(check_tokens(*model.network, at::full({1, 3}, 37, at::kLong)));
  EXPECT_ANY_THROW(check_tokens(*model.network, at::full({1, 3}, -1, at::kLong)));
}

}  // namespace
}  // namespace braid
