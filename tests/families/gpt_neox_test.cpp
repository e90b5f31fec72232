// GPT-NeoX's table: counts and patterns as published, refusals.
#include <gmock/gmock.h>

#include "braid/error.h"
#include "braid/families/families.h"

namespace braid {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

json pythia(std::int64_t width, std::int64_t layers, std::int64_t heads) {
  return {{"model_type", "gpt_neox"},       {"hidden_size", width},
          {"num_hidden_layers", layers},    {"num_attention_heads", heads},
          {"intermediate_size", 4 * width}, {"vocab_size", 50304}};
}

Symmetries describe(const json& config) {
  return find_family(config, "config.json").describe(config, {{"LM"}});
}

TEST(GptNeoxTableTest, CountsPythiasParameters) {
  EXPECT_EQ(describe(pythia(128, 6, 4)).parameters(), 14067712);
  EXPECT_EQ(describe(pythia(256, 6, 8)).parameters(), 30494720);
  EXPECT_EQ(describe(pythia(512, 6, 8)).parameters(), 70426624);
  EXPECT_EQ(describe(pythia(768, 12, 12)).parameters(), 162322944);
  EXPECT_EQ(describe(pythia(1024, 24, 16)).parameters(), 405334016);
}

TEST(GptNeoxTableTest, RowsAreStoredHeadByHead) {
  const Symmetries table = describe(pythia(768, 12, 12));
  EXPECT_EQ(format_pattern(table.tensors.at("layers.3.attention.query_key_value.bias")),
            "(layer.3.head (layer.3.qk | layer.3.qk_rest | layer.3.qk' | layer.3.qk_rest' | "
            "layer.3.ov))");
  EXPECT_EQ(table.axis("layer.3.qk").size, 16);
  EXPECT_EQ(table.axis("layer.3.qk").group, Group::rotary);
  EXPECT_EQ(table.axis("layer.3.qk_rest").size, 48);
  EXPECT_EQ(table.axis("layer.3.qk_rest").group, Group::general);
}

TEST(GptNeoxTableTest, BothSpellingsOfTheRotationCount) {
  json old = pythia(768, 12, 12), whole = old;
  old["rotary_pct"] = 0.5;
  EXPECT_EQ(describe(old).axis("layer.3.qk").size, 32);
  whole["rope_parameters"] = {{"rope_type", "default"}, {"partial_rotary_factor", 1.0}};
  EXPECT_FALSE(describe(whole).axes.contains("layer.3.qk_rest"));
}

TEST(GptNeoxTableTest, RefusesConfigurationsItDoesNotUnderstand) {
  const auto refusal = [](const char* key, const json& value) -> std::string {
    json config = pythia(768, 12, 12);
    config[key] = value;
    try {
      describe(config);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(refusal("hidden_size", 770), HasSubstr("not a multiple of num_attention_heads"));
  EXPECT_THAT(refusal("rotary_pct", 0.02), HasSubstr("expected an even number, at least 2"));
  EXPECT_THAT(refusal("rotary_pct", 1.5), HasSubstr("rotary_pct is 1.5"));
  EXPECT_THAT(refusal("rotary_pct", 0.05), HasSubstr("rotates 3 of a head's 64 units"));
  EXPECT_THAT(refusal("attention_bias", "no"), HasSubstr("attention_bias"));
  EXPECT_THAT(refusal("use_parallel_residual", 1), HasSubstr("use_parallel_residual"));
}

}  // namespace
}  // namespace braid
