// Every family's table counts the parameters that published models have (by transformers, on
// tensors without memory), and every key that changes the function in a way that is not there is
// refused by name.
#include <gmock/gmock.h>

#include <map>

#include "braid/error.h"
#include "braid/families/families.h"

namespace braid {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

Symmetries describe(const json& config, const char* model_class) {
  const Family& family = find_family(config, "config.json");
  return family.describe(config, {family.find_class(model_class)->parts});
}

json sized(const char* type, std::int64_t width, std::int64_t layers, std::int64_t heads,
           const char* ffn_key, std::int64_t ffn, const json& more = json::object()) {
  json config = {{"model_type", type},
                 {"hidden_size", width},
                 {"num_hidden_layers", layers},
                 {"num_attention_heads", heads},
                 {ffn_key, ffn}};
  config.update(more);
  return config;
}

json gated(const char* type, std::int64_t width, std::int64_t layers, std::int64_t heads,
           std::int64_t ffn, const json& more = json::object()) {
  return sized(type, width, layers, heads, "intermediate_size", ffn, more);
}

TEST(PublishedTest, ParametersAreCounted) {
  const auto count = [](const json& config, const char* model_class) {
    return describe(config, model_class).parameters();
  };
  EXPECT_EQ(count(gated("qwen3", 1024, 28, 16, 3072,
                        {{"num_key_value_heads", 8}, {"tie_word_embeddings", true}}),
                  "Qwen3ForCausalLM"),
            596049920);
  EXPECT_EQ(
      count(gated("olmo2", 4096, 32, 32, 11008, {{"vocab_size", 100352}}), "Olmo2ForCausalLM"),
      7298617344);
  EXPECT_EQ(
      count(gated("olmo", 2048, 16, 16, 8192, {{"tie_word_embeddings", true}}), "OlmoForCausalLM"),
      1176764416);
  EXPECT_EQ(count(sized("opt", 768, 12, 12, "ffn_dim", 3072), "OPTForCausalLM"), 125239296);
  EXPECT_EQ(count(gated("modernbert", 768, 22, 12, 1152), "ModernBertForMaskedLM"), 149655232);
  EXPECT_EQ(count(gated("modernbert", 1024, 28, 16, 2624), "ModernBertForMaskedLM"), 395881664);
  EXPECT_EQ(count(gated("electra", 256, 12, 4, 1024), "ElectraForMaskedLM"), 13546682);
  EXPECT_EQ(count(gated("electra", 768, 12, 12, 3072, {{"embedding_size", 768}}),
                  "ElectraForPreTraining"),
            109483009);
  EXPECT_EQ(count(gated("deberta-v2", 768, 12, 12, 3072,
                        {{"relative_attention", true},
                         {"position_biased_input", false},
                         {"pos_att_type", "p2c|c2p"},
                         {"position_buckets", 256},
                         {"share_att_key", true},
                         {"norm_rel_ebd", "layer_norm"}}),
                  "DebertaV2ForSequenceClassification"),
            184423682);
  EXPECT_EQ(count(gated("albert", 768, 12, 12, 3072), "AlbertForMaskedLM"), 11221680);
  EXPECT_EQ(count(gated("albert", 768, 12, 12, 3072), "AlbertModel"), 11683584);
}

TEST(PublishedTest, GroupsAreWhatTheNormsLeave) {
  const Symmetries qwen3 =
      describe(gated("qwen3", 64, 2, 4, 96, {{"num_key_value_heads", 2}, {"head_dim", 16}}),
               "Qwen3ForCausalLM");
  EXPECT_EQ(qwen3.axis("layer.1.qk").group, Group::rotary_signs);
  EXPECT_EQ(format_pattern(qwen3.tensors.at("layers.1.self_attn.q_norm.weight")), "_16");
  const Symmetries olmo2 =
      describe(gated("olmo2", 64, 2, 4, 96, {{"num_key_value_heads", 2}}), "Olmo2ForCausalLM");
  EXPECT_EQ(format_pattern(olmo2.tensors.at("layers.1.self_attn.q_norm.weight")),
            "(=layer.1.group =layer.1.member =layer.1.qk)");
  EXPECT_EQ(olmo2.axis("x").group, Group::signed_permutation);
  const Symmetries olmo = describe(gated("olmo", 64, 2, 4, 96), "OlmoForCausalLM");
  EXPECT_EQ(olmo.axis("x").group, Group::centred_orthogonal);
  EXPECT_EQ(olmo.axis("layer.1.qk").group, Group::rotary);
  const Symmetries modern = describe(gated("modernbert", 64, 2, 4, 96), "ModernBertForMaskedLM");
  EXPECT_EQ(modern.axis("x").group, Group::permutation);
  EXPECT_FALSE(modern.tensors.contains("layers.0.attn_norm.weight"));
  EXPECT_EQ(format_pattern(modern.tensors.at("layers.1.mlp.Wi.weight")),
            "(=layer.1.ffn | layer.1.ffn) x'");
  const Symmetries electra = describe(gated("electra", 64, 2, 4, 96), "ElectraForMaskedLM");
  EXPECT_EQ(format_pattern(electra.tensors.at("embeddings_project.weight")), "x e'");
  const Symmetries albert = describe(gated("albert", 64, 3, 4, 96), "AlbertForMaskedLM");
  EXPECT_FALSE(albert.axes.contains("layer.1.ffn"));
  EXPECT_EQ(albert.tap("layer.2.ffn").axes.front().axis, "layer.0.ffn");
}

std::string refusal(json config, const json& changes) {
  config.update(changes);
  const Family& family = find_family(config, "config.json");
  try {
    describe(config, family.classes.front().name.c_str());
    family.network(config, {family.classes.front().parts});
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(PublishedTest, WhatChangesTheFunctionIsRefusedByKey) {
  const json olmo = gated("olmo", 64, 2, 4, 96), opt = sized("opt", 64, 2, 4, "ffn_dim", 96),
             modern = gated("modernbert", 64, 2, 4, 96), electra = gated("electra", 64, 2, 4, 96),
             albert = gated("albert", 64, 2, 4, 96);
  for (const json& config : {olmo, opt, modern, electra, albert})
    EXPECT_EQ(refusal(config, json::object()), "");
  EXPECT_THAT(refusal(olmo, {{"clip_qkv", 8.0}}), HasSubstr("clip_qkv is not supported"));
  EXPECT_THAT(refusal(opt, {{"do_layer_norm_before", false}}),
              HasSubstr("do_layer_norm_before false is not supported"));
  EXPECT_THAT(refusal(opt, {{"_remove_final_layer_norm", true}}),
              HasSubstr("_remove_final_layer_norm true is not supported"));
  EXPECT_THAT(refusal(opt, {{"layer_norm_elementwise_affine", false}}),
              HasSubstr("layer_norm_elementwise_affine false"));
  EXPECT_THAT(refusal(opt, {{"word_embed_proj_dim", 32}}),
              HasSubstr("word_embed_proj_dim 32 is not supported with hidden_size 64"));
  EXPECT_THAT(refusal(modern, {{"layer_types", {"full_attention"}}}),
              HasSubstr("layer_types lists 1 layers, expected 2"));
  EXPECT_THAT(refusal(modern, {{"layer_types", {"full_attention", "linear"}}}),
              HasSubstr("'linear' is not supported"));
  EXPECT_THAT(refusal(modern, {{"classifier_pooling", "max"}}),
              HasSubstr("classifier_pooling 'max'"));
  EXPECT_THAT(refusal(modern, {{"local_attention", 1}}), HasSubstr("local_attention"));
  EXPECT_THAT(refusal(modern, {{"rope_parameters", {{"full_attention", {{"rope_type", "yarn"}}}}}}),
              HasSubstr("rope_type 'yarn'"));
  EXPECT_THAT(refusal(electra, {{"is_decoder", true}}), HasSubstr("is_decoder"));
  const json deberta = find_family({{"model_type", "deberta-v2"}}, "config.json").sample;
  const std::map<std::string, json> changes = {
      {"share_att_key", false},     {"conv_kernel_size", 3}, {"embedding_size", 32},
      {"norm_rel_ebd", "rms"},      {"pos_att_type", "p2p"}, {"legacy", false},
      {"pooler_hidden_act", "tanh"}};
  for (const auto& [key, value] : changes) {
    EXPECT_THAT(refusal(deberta, {{key, value}}), HasSubstr(key));
  }
  EXPECT_THAT(refusal(albert, {{"num_hidden_groups", 2}}), HasSubstr("num_hidden_groups is 2"));
  EXPECT_THAT(refusal(electra, {{"position_embedding_type", "relative_key"}}),
              HasSubstr("position_embedding_type 'relative_key'"));
}

}  // namespace
}  // namespace braid
