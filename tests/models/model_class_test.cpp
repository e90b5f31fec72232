// What a checkpoint computes is its class's: by config.json's architectures, not by the tensors
// that happen to be there.
#include <gmock/gmock.h>

#include "braid/checkpoint/safetensors.h"
#include "braid/models/model.h"
#include "braid/notice.h"
#include "braid/symmetry/transform.h"
#include "tests/checkpoint/temporary_folder.h"
#include "tests/models/small_bert.h"
#include "tests/models/small_gpt2.h"

namespace braid {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

nlohmann::json config_of(const std::string& kind) {
  nlohmann::json config = kind.starts_with("Bert") ? SmallBert{}.config() : SmallGpt2{}.config();
  config["architectures"] = {kind};
  return config;
}

Model with_pooler(const Model& model) {
  Tensors parameters = model.parameters;
  const std::int64_t width = parameters.at("embeddings.word_embeddings.weight").size(1);
  parameters["pooler.dense.weight"] = at::randn({width, width}, at::kDouble);
  parameters["pooler.dense.bias"] = at::randn({width}, at::kDouble);
  return make_model(*model.family, model.config, parameters, "stray");
}

TEST(ModelClassTest, AStrayPoolerIsReadByNobody) {
  for (const char* name : {"BertForTokenClassification", "BertForQuestionAnswering"}) {
    const Model model = with_pooler(random_model(config_of(name), 1));
    EXPECT_EQ(model.kind, name);
    ASSERT_EQ(model.network->heads().size(), 1u);
    const Head& head = model.network->heads().front();
    EXPECT_EQ(head.reads, Reads::tokens);
    EXPECT_THAT(format_pattern(model.symmetries.tensors.at(head.weight.front())), HasSubstr("x'"));
    EXPECT_EQ(format_pattern(model.symmetries.tensors.at("pooler.dense.weight")), "pooled x'");
    EXPECT_FALSE(model.symmetries.axis("x").returned);
  }
  const Model reader = random_model(config_of("BertForMultipleChoice"), 1);
  EXPECT_EQ(reader.network->heads().front().reads, Reads::pooled);
  EXPECT_EQ(reader.parameters.at("classifier.weight").size(0), 1);
}

// transformers reads <decoder>.bias alone where nothing is tied, and makes zeros where it is not.
TEST(ModelClassTest, AnUntiedHeadHasTheBiasThatIsRead) {
  const std::string bias = "cls.predictions.decoder.bias";
  for (const char* name : {"BertForMaskedLM", "BertForPreTraining"}) {
    nlohmann::json config = config_of(name);
    config["tie_word_embeddings"] = false;
    const Model model = random_model(config, 1);
    Tensors parameters = model.parameters;
    ASSERT_EQ(parameters.erase(bias), 1u) << name;
    EXPECT_THAT(error_of([&] { make_model(*model.family, config, parameters, "older"); }),
                AllOf(HasSubstr("tie_word_embeddings"), HasSubstr(bias)));
  }
  EXPECT_FALSE(random_model(config_of("BertForMaskedLM"), 1).parameters.contains(bias));
}

TEST(ModelClassTest, KeysThatLoadOtherwiseAreRefusedByName) {
  const auto refusal = [](const std::string& key, const nlohmann::json& value) {
    nlohmann::json config = config_of("BertForMaskedLM");
    config[key] = value;
    return error_of([&] { complete_config(config); });
  };
  const nlohmann::json empty = nlohmann::json::object();
  for (const char* key :
       {"quantization_config", "transformers_weights", "per_layer_config", "fusion_config"}) {
    for (const nlohmann::json& value : {empty, nlohmann::json{{"a", 1}}, nlohmann::json("x")}) {
      EXPECT_THAT(refusal(key, value), HasSubstr(fmt::format("config.json: {}: ", key)));
    }
    nlohmann::json config = config_of("BertForMaskedLM");
    config[key] = nullptr;
    EXPECT_NO_THROW(complete_config(config));
  }
}

TEST(ModelClassTest, TheStreamIsReturnedWhereNoHeadIs) {
  EXPECT_TRUE(random_model(config_of("BertModel"), 1).symmetries.axis("x").returned);
  EXPECT_TRUE(random_model(config_of("BertModel"), 1).symmetries.axis("pooled").returned);
  // Its tied decoder can be read, but is not what GPT2Model returns.
  const Model bare = random_model(config_of("GPT2Model"), 1);
  EXPECT_TRUE(bare.symmetries.axis("x").returned);
  EXPECT_TRUE(bare.network->returns_stream());
  for (const char* name : {"BertForMaskedLM", "GPT2LMHeadModel", "GPT2ForSequenceClassification"}) {
    EXPECT_FALSE(random_model(config_of(name), 1).symmetries.axis("x").returned) << name;
  }
  Random random(3);
  const Transform all = random_transform(bare.symmetries, random);
  EXPECT_THAT(returned_axes(bare.symmetries, all), ElementsAre("x"));
  Transform inner = all;
  inner.erase("x");
  EXPECT_THAT(returned_axes(bare.symmetries, inner), ElementsAre());
}

TEST(ModelClassTest, IsRefusedWhereItIsNotSaid) {
  const Model labels = random_model(config_of("BertForSequenceClassification"), 1);
  const auto refusal = [&](nlohmann::json config, const Tensors& parameters) {
    return error_of([&] { make_model(*labels.family, config, parameters, "here"); });
  };
  nlohmann::json config = labels.config;
  config["architectures"] = {"BertForNothing"};
  EXPECT_THAT(refusal(config, labels.parameters),
              AllOf(HasSubstr("BertForNothing"), HasSubstr("BertForTokenClassification")));
  config["architectures"] = {"BertForMaskedLM"};
  EXPECT_THAT(refusal(config, labels.parameters),
              AllOf(HasSubstr("BertForMaskedLM"), HasSubstr("cls.predictions.*")));
  config["architectures"] = {"BertModel"};  // and whose is the classifier then?
  EXPECT_THAT(refusal(config, labels.parameters), HasSubstr("classifier.bias"));
  for (const nlohmann::json& none : {nlohmann::json(), nlohmann::json::array()}) {
    config["architectures"] = none;
    EXPECT_THAT(refusal(config, labels.parameters),
                AllOf(HasSubstr("BertForSequenceClassification, BertForTokenClassification")));
  }
}

TEST(ModelClassTest, IsGuessedWhereOnlyOneFits) {
  for (const char* name : {"BertForMaskedLM", "BertForPreTraining", "BertForQuestionAnswering",
                           "BertForNextSentencePrediction", "BertForTokenClassification",
                           "BertModel", "GPT2LMHeadModel", "GPT2ForSequenceClassification",
                           "GPT2ForTokenClassification", "GPT2ForQuestionAnswering"}) {
    const Model model = random_model(config_of(name), 1);
    nlohmann::json config = model.config;
    config.erase("architectures");
    EXPECT_EQ(make_model(*model.family, config, model.parameters, "here").kind, name);
  }
}

TEST(ModelClassTest, OtherClassesAreOtherModels) {
  const Model a = random_model(config_of("BertForMaskedLM"), 1);
  nlohmann::json config = a.config;
  const Model sequence = random_model(config_of("BertForSequenceClassification"), 1);
  config = sequence.config;
  config["architectures"] = {"BertForTokenClassification"};
  const Model tokens = make_model(*a.family, config, sequence.parameters, "tokens");
  EXPECT_THAT(error_of([&] { require_same_architecture(sequence, tokens); }),
              AllOf(HasSubstr("a BertForSequenceClassification"),
                    HasSubstr("a BertForTokenClassification")));
}

class StoredNamesTest : public TemporaryFolder {
 protected:
  static Tensors stored(const Model& model) {
    Tensors tensors;
    for (const auto& [name, tensor] : model.parameters) {
      tensors[model.stored_names.at(name)] = tensor;
    }
    return tensors;
  }
  std::string write_and_load(const Model& model, const Tensors& tensors) {
    fs::remove_all(folder / "a");
    write_checkpoint(folder / "a", model.config, tensors);
    return error_of([&] { read_ = load_model(folder / "a"); });
  }
  Model read_;
};

TEST_F(StoredNamesTest, WrappersAreTakenOffAndSaid) {
  for (const Model& model : {SmallBert{}.model(), random_model(config_of("GPT2Model"), 1)}) {
    for (const std::string wrapper : {"module.", "_orig_mod.", "model.", "module._orig_mod."}) {
      Tensors wrapped;
      for (const auto& [name, tensor] : stored(model)) wrapped[wrapper + name] = tensor;
      std::string said;
      send_notices([&](const std::string& text) { said += text; });
      EXPECT_EQ(write_and_load(model, wrapped), "");
      send_notices({});
      EXPECT_THAT(said, HasSubstr("begins with " + wrapper));
      EXPECT_EQ(read_.stored_names, model.stored_names);
      EXPECT_EQ(read_.layout.front().tensors.size(), model.parameters.size());
    }
  }
  Tensors partly = stored(SmallBert{}.model());
  partly["module.bert.pooler.dense.bias"] = at::zeros({24});
  EXPECT_THAT(write_and_load(SmallBert{}.model(), partly), HasSubstr("module.bert.pooler"));
}

TEST_F(StoredNamesTest, TwiceIsFineWhereItIsTheSame) {
  const Model model = SmallBert{}.model();
  Tensors tensors = stored(model);
  const at::Tensor gain = tensors.at("bert.embeddings.LayerNorm.weight");
  tensors["bert.embeddings.LayerNorm.gamma"] = gain;
  EXPECT_EQ(write_and_load(model, tensors), "");
  tensors["bert.embeddings.LayerNorm.gamma"] = gain + 1;
  EXPECT_THAT(write_and_load(model, tensors), HasSubstr("twice with different values"));
}

TEST_F(StoredNamesTest, AnIndexMayListWhatATieImplies) {
  SmallGpt2 tied;
  tied.tied = true;
  const Model model = tied.model();
  WriteOptions options;
  options.shard_size = 4'000;
  write_checkpoint(folder / "b", model.config, stored(model), {}, options);
  const fs::path index = folder / "b" / "model.safetensors.index.json";
  nlohmann::json listed = nlohmann::json::parse(read(index));
  const std::string some = listed["weight_map"].begin().value();
  const auto list_too = [&](const char* name) {
    nlohmann::json more = listed;
    more["weight_map"][name] = some;
    write("b/model.safetensors.index.json", more.dump());
    return error_of([&] { load_model(folder / "b"); });
  };
  EXPECT_EQ(list_too("lm_head.weight"), "");
  EXPECT_EQ(list_too("transformer.h.0.attn.bias"), "");  // a buffer
  EXPECT_THAT(list_too("score.weight"), HasSubstr("score.weight is in the index but in no shard"));
}

}  // namespace
}  // namespace braid
