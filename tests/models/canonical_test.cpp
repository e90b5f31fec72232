// Canonical forms keep every family's function and take out the freedom that they say.
#include "braid/models/canonical.h"

#include <gmock/gmock.h>

#include "braid/error.h"
#include "tests/models/small_bert.h"
#include "tests/models/small_gpt2.h"

namespace braid {
namespace {

double difference(const Model& a, const Model& b) {
  const Batch batch{random_ids(3, 11, 37, 9), {}, {}};
  return largest_difference(token_logits(a, a.parameters, batch),
                            token_logits(b, b.parameters, batch));
}

class CanonicalTest : public ::testing::TestWithParam<bool> {};

TEST_P(CanonicalTest, KeepsTheFunctionAndFreesTheStream) {
  const Model model = SmallGpt2{.tied = GetParam()}.model();
  EXPECT_EQ(model.symmetries.axis("x").group, Group::permutation);
  const Model canonical = canonical_form(model);
  EXPECT_EQ(canonical.symmetries.axis("x").group, Group::centred_orthogonal);
  EXPECT_LT(difference(model, canonical), 1e-9);
  for (const char* gain : {"h.0.ln_1.weight", "h.1.ln_2.weight", "ln_f.weight"}) {
    EXPECT_TRUE(canonical.parameters.at(gain).eq(1).all().item<bool>()) << gain;
  }
  EXPECT_EQ(canonical.parameters.at("h.1.ln_2.bias").abs().max().item<double>(), 0);
  EXPECT_LT(canonical.parameters.at("h.0.mlp.c_proj.weight").mean(1).abs().max().item<double>(),
            1e-12);
  const at::Tensor biases = canonical.parameters.at("h.0.attn.c_attn.bias");
  EXPECT_GT(biases.narrow(0, 0, 24).abs().max().item<double>(), 0);   // queries keep theirs
  EXPECT_EQ(biases.narrow(0, 24, 48).abs().max().item<double>(), 0);  // keys, values
  const Model again = canonical_form(canonical);
  for (const auto& [name, tensor] : again.parameters) {
    EXPECT_LT(largest_difference(tensor, canonical.parameters.at(name)), 1e-12) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(TiedAndUntied, CanonicalTest, ::testing::Bool());

TEST(CanonicalBertTest, MovesTheAttentionBiases) {
  const Model model = SmallBert{}.model();
  const Model canonical = canonical_form(model);
  EXPECT_LT(difference(model, canonical), 1e-9);
  for (const char* name : {"key", "value"}) {
    const at::Tensor bias =
        canonical.parameters.at(fmt::format("encoder.layer.1.attention.self.{}.bias", name));
    EXPECT_EQ(bias.abs().max().item<double>(), 0) << name;
  }
}

// Where positions turn queries and keys a key bias is told: the family says so.
TEST(CanonicalBertTest, KeepsAKeyBiasThatIsNotFree) {
  Model model = SmallBert{}.model();
  Family rotary = *model.family;
  rotary.key_bias_is_free = false;
  model.family = &rotary;
  const std::string key = "encoder.layer.1.attention.self.key.bias";
  EXPECT_TRUE(at::equal(canonical_form(model).parameters.at(key), model.parameters.at(key)));
}

TEST(CanonicalDtypeTest, ComesBackInTheStoredDtypes) {
  Model model = SmallGpt2{.tied = true}.model();
  model.parameters = cast(model.parameters, at::kFloat);
  model.parameters.at("wte.weight") = model.parameters.at("wte.weight").to(at::kHalf);
  const Model stored = in_dtypes_of(model, canonical_form(model));
  EXPECT_EQ(stored.parameters.at("lm_head.weight").scalar_type(), at::kHalf);
  EXPECT_EQ(stored.parameters.at("h.0.mlp.c_fc.weight").scalar_type(), at::kFloat);
}

TEST(CanonicalErrorTest, AGainOfZeroUnderABiasCannotBeFolded) {
  Model model = SmallGpt2{}.model();
  model.parameters.at("ln_f.weight")[3] = 0;
  EXPECT_THAT([&] { canonical_form(model); },
              ::testing::ThrowsMessage<Error>(::testing::HasSubstr("ln_f.weight has a gain of 0")));
}

}  // namespace
}  // namespace braid
