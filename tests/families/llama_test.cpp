// The tables of LLaMA, Mistral and Qwen2: counts and patterns as published, refusals.
#include <gmock/gmock.h>

#include "braid/error.h"
#include "braid/families/families.h"

namespace braid {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

Symmetries describe(const json& config, const Parts& parts = {{"LM"}}) {
  return find_family(config, "config.json").describe(config, parts);
}

json sized(const char* type, std::int64_t width, std::int64_t layers, std::int64_t heads,
           std::int64_t key_heads, std::int64_t units) {
  return {{"model_type", type},          {"hidden_size", width},
          {"num_hidden_layers", layers}, {"num_attention_heads", heads},
          {"intermediate_size", units},  {"num_key_value_heads", key_heads}};
}

TEST(LlamaTableTest, CountsThePublishedParameters) {
  EXPECT_EQ(describe(sized("llama", 4096, 32, 32, 32, 11008)).parameters(), 6738415616);  // 2 7B
  EXPECT_EQ(describe(sized("llama", 2048, 22, 32, 4, 5632)).parameters(), 1100048384);    // Tiny
  json smol = sized("llama", 576, 30, 9, 3, 1536);
  smol.update({{"vocab_size", 49152}, {"tie_word_embeddings", true}});
  EXPECT_EQ(describe(smol).parameters(), 134515008);
  EXPECT_EQ(describe(sized("mistral", 4096, 32, 32, 8, 14336)).parameters(), 7241732096);
  json qwen = sized("qwen2", 896, 24, 14, 2, 4864);
  qwen["tie_word_embeddings"] = true;
  EXPECT_EQ(describe(qwen).parameters(), 494032768);
}

TEST(LlamaTableTest, HeadsThatShareAKeyAreMembersOfAGroup) {
  const Symmetries table = describe(sized("llama", 2048, 22, 32, 4, 5632));
  const auto pattern = [&](const std::string& name) {
    return format_pattern(table.tensors.at("layers.3." + name + ".weight"));
  };
  EXPECT_EQ(pattern("self_attn.q_proj"), "(layer.3.group layer.3.member layer.3.qk) x'");
  EXPECT_EQ(pattern("self_attn.k_proj"), "(layer.3.group layer.3.qk') x'");
  EXPECT_EQ(pattern("self_attn.o_proj"), "x (layer.3.group layer.3.member layer.3.ov')");
  EXPECT_EQ(pattern("mlp.gate_proj"), "=layer.3.ffn x'");
  EXPECT_EQ(table.axis("layer.3.qk").group, Group::rotary);
  EXPECT_EQ(table.axis("layer.3.qk").size, 64);
  EXPECT_EQ(table.axis("x").group, Group::signed_permutation);
  const Symmetries alone = describe(sized("mistral", 2048, 2, 16, 16, 5632));
  EXPECT_EQ(format_pattern(alone.tensors.at("layers.1.self_attn.q_proj.weight")),
            "(layer.1.head layer.1.qk) x'");
}

TEST(LlamaTableTest, GainsOfOneFreeTheStreamToAllOrthogonalMaps) {
  const Symmetries table = describe(sized("llama", 64, 2, 4, 4, 96), {{"LM"}, true});
  EXPECT_EQ(table.axis("x").group, Group::orthogonal);
  EXPECT_EQ(format_pattern(table.tensors.at("norm.weight")), "_64");
}

TEST(LlamaTableTest, BiasesAreEachFamilys) {
  const auto biases = [](json config, const char* key) {
    if (*key) config[key] = true;
    std::vector<std::string> found;
    for (const auto& [name, pattern] : describe(config).tensors) {
      if (name.starts_with("layers.1.") && name.ends_with(".bias")) found.push_back(name);
    }
    return found.size();
  };
  EXPECT_EQ(biases(sized("llama", 64, 2, 4, 2, 96), ""), 0);
  EXPECT_EQ(biases(sized("llama", 64, 2, 4, 2, 96), "attention_bias"), 4);
  EXPECT_EQ(biases(sized("llama", 64, 2, 4, 2, 96), "mlp_bias"), 3);
  EXPECT_EQ(biases(sized("mistral", 64, 2, 4, 2, 96), "attention_bias"), 0);
  EXPECT_EQ(biases(sized("qwen2", 64, 2, 4, 2, 96), ""), 3);
}

std::string refusal(const char* type, const json& changes) {
  json config = sized(type, 64, 2, 4, 2, 96);
  config.update(changes);
  try {
    describe(config);
    find_family(config, "config").network(config, {});
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(LlamaTableTest, RefusesConfigurationsItDoesNotUnderstand) {
  EXPECT_EQ(refusal("llama", json::object()), "");
  EXPECT_THAT(refusal("llama", {{"num_key_value_heads", 3}}),
              HasSubstr("num_attention_heads 4 is not a multiple of num_key_value_heads 3"));
  EXPECT_THAT(refusal("llama", {{"hidden_size", 66}}), HasSubstr("not a multiple of"));
  EXPECT_THAT(refusal("llama", {{"head_dim", 7}}),
              HasSubstr("which rotates 7 of a head's 7 units"));
  EXPECT_THAT(refusal("llama", {{"rope_scaling", {{"type", "yarn"}, {"factor", 4}}}}),
              HasSubstr("rope_type 'yarn' is not supported; supported: default, linear"));
  EXPECT_THAT(refusal("llama", {{"rope_scaling", {{"type", "linear"}}}}),
              HasSubstr("factor is missing"));
  EXPECT_THAT(refusal("llama", {{"rope_scaling", "linear"}}), HasSubstr("rope_scaling"));
  EXPECT_THAT(refusal("llama", {{"rope_parameters", {{"partial_rotary_factor", 0.5}}}}),
              HasSubstr("rotates all units of heads in this family"));
  EXPECT_THAT(refusal("llama", {{"rope_theta", -1}}), HasSubstr("rope_theta is -1"));
  EXPECT_THAT(refusal("mistral", {{"sliding_window", 0}}), HasSubstr("sliding_window"));
  EXPECT_THAT(refusal("qwen2", {{"layer_types", {"full_attention"}}}),
              HasSubstr("layer_types lists 1 layers, expected 2"));
  EXPECT_THAT(refusal("qwen2", {{"layer_types", {"full_attention", "sliding_attention"}}}),
              HasSubstr("sliding_attention if use_sliding_window is true"));
  EXPECT_THAT(refusal("qwen2", {{"layer_types", {"full_attention", "linear_attention"}}}),
              HasSubstr("'linear_attention' is not supported"));
}

}  // namespace
}  // namespace braid
