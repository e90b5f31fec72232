// config.json is put into what transformers means by it: the judged differential is
// tests/models/checkpoint_differential.py, these are its rules one by one.
#include <gmock/gmock.h>

#include "braid/error.h"
#include "braid/families/families.h"

namespace braid {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

json meant(const json& config) { return as_meant(find_family(config, "config.json"), config); }

std::string refusal(const json& config) {
  try {
    meant(config);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(ConfigAsMeant, AnotherNameOfAKeyCountsBeforeTheFamilys) {
  const json config = {
      {"model_type", "gpt2"}, {"n_embd", 24}, {"hidden_size", 48}, {"num_hidden_layers", 3}};
  EXPECT_EQ(meant(config), (json{{"model_type", "gpt2"}, {"n_embd", 48}, {"n_layer", 3}}));
  const json bert = {{"model_type", "bert"}, {"hidden_size", 48}};
  EXPECT_EQ(meant(bert), bert);
}

TEST(ConfigAsMeant, NumLabelsCountsBeforeNamesOfAnotherNumber) {
  json config = {{"model_type", "bert"},
                 {"num_labels", 3},
                 {"id2label", {{"0", "no"}, {"1", "yes"}}},
                 {"label2id", {{"no", 0}, {"yes", 1}}}};
  EXPECT_EQ(meant(config), (json{{"model_type", "bert"}, {"num_labels", 3}}));
  EXPECT_EQ(label_count(meant(config)), 3);
  config["num_labels"] = 2;
  EXPECT_EQ(meant(config), config);
  config.erase("num_labels");
  EXPECT_EQ(meant(config), config);
  EXPECT_EQ(label_count(meant(config)), 2);
  config["id2label"] = nullptr;
  EXPECT_EQ(label_count(meant(config)), 2);
}

TEST(ConfigAsMeant, LabelsOfNoOutputsAreRefused) {
  EXPECT_THAT(refusal({{"num_labels", "3"}}),
              HasSubstr("config.json, num_labels: expected an integer of at least 0, found \"3\""));
  EXPECT_THAT(refusal({{"num_labels", nullptr}}), HasSubstr("found null"));
  EXPECT_THAT(refusal({{"id2label", {"no", "yes"}}}), HasSubstr("id2label: expected an object"));
  EXPECT_THAT(refusal({{"id2label", {{"x", "no"}}}}), HasSubstr("id2label: 'x' is not the index"));
}

}  // namespace
}  // namespace braid
