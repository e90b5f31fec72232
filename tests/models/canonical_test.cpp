// Canonical forms keep every family's function and take out the freedom that they say.
#include "braid/models/canonical.h"

#include <gmock/gmock.h>

#include "braid/error.h"
#include "braid/symmetry/axis_uses.h"
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

Model sample_model(const char* type, const nlohmann::json& changes = nlohmann::json::object()) {
  nlohmann::json config = find_family({{"model_type", type}}, "test").sample;
  config.update(changes);
  return random_model(config, 5);
}

// Where positions turn units, their key bias is no number that all scores share.
TEST(CanonicalRotaryTest, KeyBiasesGoWhereNothingTurns) {
  const Model model = sample_model("gpt_neox");
  const Model canonical = canonical_form(model);
  EXPECT_LT(difference(model, canonical), 1e-9);
  // Each head's 8 queries, keys and values; the first 4 queries and keys turn.
  const at::Tensor bias =
      canonical.parameters.at("layers.1.attention.query_key_value.bias").view({3, 3, 8}).abs();
  EXPECT_GT(bias.select(1, 0).min().item<double>(), 0);
  EXPECT_GT(bias.select(1, 1).narrow(1, 0, 4).min().item<double>(), 0);
  EXPECT_EQ(bias.select(1, 1).narrow(1, 4, 4).max().item<double>(), 0);
  EXPECT_EQ(bias.select(1, 2).max().item<double>(), 0);
}

// The value bias of a group goes into the output bias once for every query head that reads it.
TEST(CanonicalRotaryTest, ValueBiasesOfGroupsGoIntoTheOutputBias) {
  const Model model = sample_model("llama", {{"attention_bias", true}, {"mlp_bias", true}});
  const Model canonical = canonical_form(model);
  EXPECT_EQ(canonical.symmetries.axis("x").group, Group::orthogonal);
  EXPECT_LT(difference(model, canonical), 1e-9);
  const auto largest = [&](const char* name) {
    return canonical.parameters.at(std::string("layers.1.self_attn.") + name)
        .abs()
        .max()
        .item<double>();
  };
  EXPECT_EQ(largest("v_proj.bias"), 0);
  EXPECT_GT(largest("k_proj.bias"), 0);
  EXPECT_GT(largest("q_proj.bias"), 0);
}

// A gated unit's size is free: up by c, down by 1 / c, the gate as it is.
TEST(CanonicalScaleTest, UnitsOfFreeSizeAreWrittenAndReadByOneNorm) {
  for (const auto& [type, changes] : std::map<std::string, nlohmann::json>{
           {"llama", {{"mlp_bias", true}}}, {"gpt2", {{"activation_function", "relu"}}}}) {
    const Model model = sample_model(type.c_str(), changes);
    const Model canonical = canonical_form(model);
    EXPECT_LT(difference(model, canonical), 1e-9) << type;
    Model scaled = model;
    const std::string axis = "layer.1.ffn";
    const at::Tensor by = at::linspace(0.5, 3, model.symmetries.axis(axis).size, at::kDouble);
    for (const UsePlace& place : uses_of(model.symmetries, axis)) {
      if (place.role == Role::gain) continue;
      at::Tensor& tensor = scaled.parameters.at(place.tensor);
      const auto dim = static_cast<std::int64_t>(place.dimension);
      const at::Tensor last = tensor.transpose(dim, -1);
      tensor = (place.role == Role::vector ? last * by : last / by).transpose(dim, -1);
    }
    EXPECT_LT(difference(model, scaled), 1e-9) << type;
    const Model again = canonical_form(scaled);
    for (const auto& [name, tensor] : canonical.parameters) {
      EXPECT_LT(largest_difference(tensor, again.parameters.at(name)), 1e-9) << name;
    }
  }
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
