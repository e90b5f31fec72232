// GPT-2's table and its canonical form leave the function as it was.
#include <gmock/gmock.h>

#include "braid/error.h"
#include "braid/models/canonical.h"
#include "braid/symmetry/transform.h"
#include "tests/models/small_bert.h"
#include "tests/models/small_gpt2.h"

namespace braid {
namespace {

at::Tensor logits(const Model& model, const Tensors& parameters) {
  const at::Tensor hidden = model.network->encode(parameters, {random_ids(3, 11, 37, 9), {}, {}});
  return model.network->token_logits(parameters, hidden);
}

double change(const Model& model, const Transform& element) {
  return largest_difference(
      logits(model, model.parameters),
      logits(model, transform_parameters(model.symmetries, model.parameters, element)));
}

// (tied, unit gains)
class Gpt2GroupTest : public ::testing::TestWithParam<std::tuple<bool, bool>> {
 protected:
  Model model() const {
    return SmallGpt2{.tied = std::get<0>(GetParam()), .unit_gains = std::get<1>(GetParam())}
        .model();
  }
};

TEST_P(Gpt2GroupTest, ARandomElementOfEachAxisLeavesTheLogits) {
  const Model model = this->model();
  Random random(17);
  for (const auto& [name, axis] : model.symmetries.axes) {
    Transform element;
    for (std::int64_t block = 0; block < model.symmetries.blocks(axis); ++block) {
      element[name].push_back(random_element(axis.group, axis.size, random));
    }
    EXPECT_LT(change(model, element), 1e-9) << name << ": " << group_name(axis.group);
  }
  EXPECT_LT(change(model, random_transform(model.symmetries, random)), 1e-9);
}

TEST_P(Gpt2GroupTest, ALargerGroupDoesNot) {
  Model model = this->model();
  Random random(19);
  const bool unit = std::get<1>(GetParam());
  for (const auto& [name, group] :
       std::map<std::string, Group>{{"x", unit ? Group::orthogonal : Group::signed_permutation},
                                    {"layer.0.ffn", Group::signed_permutation},
                                    {"layer.1.head", Group::orthogonal}}) {
    Axis& axis = model.symmetries.axes.at(name);
    axis.group = group;
    EXPECT_GT(change(model, {{name, {random_element(group, axis.size, random)}}}), 1e-3) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, Gpt2GroupTest,
                         ::testing::Combine(::testing::Bool(), ::testing::Bool()));

class CanonicalTest : public ::testing::TestWithParam<bool> {};

TEST_P(CanonicalTest, KeepsTheFunctionAndFreesTheStream) {
  const Model model = SmallGpt2{.tied = GetParam()}.model();
  EXPECT_EQ(model.symmetries.axis("x").group, Group::permutation);
  const Model canonical = canonicalise(model);
  EXPECT_EQ(canonical.symmetries.axis("x").group, Group::centred_orthogonal);
  EXPECT_LT(
      largest_difference(logits(model, model.parameters), logits(canonical, canonical.parameters)),
      1e-9);
  for (const char* gain : {"h.0.ln_1.weight", "h.1.ln_2.weight", "ln_f.weight"}) {
    EXPECT_TRUE(canonical.parameters.at(gain).eq(1).all().item<bool>()) << gain;
  }
  EXPECT_EQ(canonical.parameters.at("h.1.ln_1.bias").abs().max().item<double>(), 0);
  EXPECT_LT(canonical.parameters.at("h.0.mlp.c_proj.weight").mean(1).abs().max().item<double>(),
            1e-12);
  const at::Tensor biases = canonical.parameters.at("h.0.attn.c_attn.bias");
  EXPECT_GT(biases.narrow(0, 0, 24).abs().max().item<double>(), 0);   // queries keep theirs
  EXPECT_EQ(biases.narrow(0, 24, 48).abs().max().item<double>(), 0);  // keys, values
  Random random(5);
  EXPECT_LT(change(canonical, random_transform(canonical.symmetries, random)), 1e-9);
  const Model again = canonicalise(canonical);
  for (const auto& [name, tensor] : again.parameters) {
    EXPECT_LT(largest_difference(tensor, canonical.parameters.at(name)), 1e-12) << name;
  }
}

TEST(CanonicalBertTest, MovesTheAttentionBiases) {
  const Model model = SmallBert{}.model();
  const Model canonical = canonicalise(model);
  EXPECT_LT(
      largest_difference(logits(model, model.parameters), logits(canonical, canonical.parameters)),
      1e-9);
  for (const char* name : {"key", "value"}) {
    const at::Tensor bias =
        canonical.parameters.at(fmt::format("encoder.layer.1.attention.self.{}.bias", name));
    EXPECT_EQ(bias.abs().max().item<double>(), 0) << name;
  }
}

TEST(CanonicalErrorTest, AGainOfZeroUnderABiasCannotBeFolded) {
  Model model = SmallGpt2{}.model();
  model.parameters.at("ln_f.weight")[3] = 0;
  EXPECT_THAT([&] { canonicalise(model); },
              ::testing::ThrowsMessage<Error>(::testing::HasSubstr("ln_f.weight has a gain of 0")));
}

INSTANTIATE_TEST_SUITE_P(TiedAndUntied, CanonicalTest, ::testing::Bool());

}  // namespace
}  // namespace braid
