// BERT's table: counts and patterns as published, refusals.
#include "braid/families/families.h"

#include <gmock/gmock.h>

#include "braid/error.h"

namespace braid {
namespace {

nlohmann::json bert_base() {
  return {{"model_type", "bert"},           {"hidden_size", 768},        {"num_hidden_layers", 12},
          {"num_attention_heads", 12},      {"intermediate_size", 3072}, {"vocab_size", 30522},
          {"max_position_embeddings", 512}, {"type_vocab_size", 2}};
}

const Family& family() { return find_family(bert_base(), "config.json"); }

// The count that Hugging Face prints for bert-base-uncased with its pooler and no MLM head.
TEST(BertTableTest, CountsThePublishedParameters) {
  EXPECT_EQ(family().describe(bert_base(), {{"pooler"}}).parameters(), 109482240);
}

TEST(BertTableTest, HasTheDocumentedPatterns) {
  const Symmetries table = table_with(bert_base(), Predicts::token);
  const auto pattern = [&](const std::string& name) {
    return format_pattern(table.tensors.at(name));
  };
  EXPECT_EQ(pattern("embeddings.word_embeddings.weight"), "_30522:token x");
  EXPECT_EQ(pattern("encoder.layer.3.attention.self.key.weight"), "(layer.3.head layer.3.qk') x'");
  EXPECT_EQ(pattern("encoder.layer.3.attention.self.key.bias"), "(layer.3.head layer.3.qk')");
  EXPECT_EQ(pattern("encoder.layer.11.output.dense.weight"), "x layer.11.ffn'");
  EXPECT_EQ(pattern("cls.predictions.transform.dense.weight"), "x x'");
  EXPECT_EQ(table.axis("layer.0.qk").group, Group::general);
}

TEST(BertTableTest, AnUntiedDecoderHasAnAxisOfItsOwn) {
  nlohmann::json config = bert_base();
  config["tie_word_embeddings"] = false;
  const Symmetries table = table_with(config, Predicts::token);
  EXPECT_EQ(format_pattern(table.tensors.at("cls.predictions.decoder.weight")),
            "_30522:token head'");
  EXPECT_EQ(format_pattern(table.tensors.at("cls.predictions.transform.dense.weight")), "head x'");
}

TEST(BertTableTest, AblationsSayThatTheyAreNotSymmetries) {
  const auto broken = [](const Ablation& ablation) {
    return family().ablate(bert_base(), {{"masked LM"}}, ablation).broken;
  };
  EXPECT_EQ(broken({}), "");
  EXPECT_THAT(broken({.separate_residual = true}), ::testing::HasSubstr("residual"));
  EXPECT_THAT(broken({.ignore_heads = true}), ::testing::HasSubstr("heads"));
}

TEST(BertTableTest, RefusesConfigurationsItDoesNotUnderstand) {
  const auto with = [](const char* key, const nlohmann::json& value) {
    nlohmann::json config = bert_base();
    config[key] = value;
    const Family& family = find_family(config, "config.json");
    family.describe(config, {family.classes.front().parts});
  };
  EXPECT_NO_THROW(with("hidden_size", 768));
  EXPECT_THROW(with("hidden_size", 770), Error);  // not a multiple of the heads
  EXPECT_THROW(with("hidden_size", -1), Error);
  EXPECT_THROW(with("hidden_size", "768"), Error);
  EXPECT_THROW(with("num_hidden_layers", 1e30), Error);
  EXPECT_THROW(with("position_embedding_type", "relative_key"), Error);
  EXPECT_THROW(with("is_decoder", true), Error);
  EXPECT_THROW(with("model_type", "reformer"), Error);
  struct Case {
    const char* key;
    nlohmann::json value;
    const char* says;
  };
  for (const Case& refused : std::vector<Case>{
           {"is_decoder", "no", "config.json, is_decoder: expected true or false, found \"no\""},
           {"tie_word_embeddings", 1, "config.json, tie_word_embeddings: expected true or false"},
           {"position_embedding_type", nullptr, "position_embedding_type: expected a string"},
           {"model_type", 3, "config.json, model_type: expected a string, found 3"},
           {"num_hidden_layers", 1 << 20, "num_hidden_layers is 1048576"}}) {
    EXPECT_THAT([&] { with(refused.key, refused.value); },
                ::testing::ThrowsMessage<Error>(::testing::HasSubstr(refused.says)));
  }
  EXPECT_THAT([] { complete_config(nlohmann::json::array()); },
              ::testing::ThrowsMessage<Error>(::testing::HasSubstr("expected an object")));
  for (const auto& [key, value] : {std::pair("layer_norm_eps", "small"), {"hidden_act", nullptr}}) {
    nlohmann::json config = bert_base();
    config[key] = value ? nlohmann::json(value) : nlohmann::json();
    EXPECT_THROW(make_network(config), Error) << key;
  }
}

}  // namespace
}  // namespace braid
