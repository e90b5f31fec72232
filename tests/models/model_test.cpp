// Models as they are made: parts, names, ties, the table and the pass that fit.
#include "braid/models/model.h"

#include <gmock/gmock.h>

#include <cmath>

#include "braid/checkpoint/atomic_file.h"
#include "braid/checkpoint/safetensors.h"
#include "braid/error.h"
#include "tests/checkpoint/temporary_folder.h"
#include "tests/models/small_bert.h"
#include "tests/models/small_gpt2.h"

namespace braid {
namespace {

using ::testing::HasSubstr;

class ModelFileTest : public TemporaryFolder {};

// What is written is read as the same model, for every class of every family.
TEST_F(ModelFileTest, EveryClassIsReadAsItWasWritten) {
  for (const Family* family : families()) {
    for (const ModelClass& kind : family->classes) {
      nlohmann::json config = family->sample;
      config["architectures"] = {kind.name};
      config["tie_word_embeddings"] = family->causal && !kind.parts.empty();
      const Model model = random_model(config, 3);
      EXPECT_EQ(model.parts.names, new_parts(*family, kind, config).names) << kind.name;
      model.family->network(config, model.parts);
      Tensors stored;
      for (const auto& [name, tensor] : model.parameters) {
        stored[model.stored_names.at(name)] = tensor;
      }
      write_checkpoint(folder / kind.name, config, stored, {}, {});
      const Model read = load_model(folder / kind.name);
      EXPECT_EQ(read.parts.names, model.parts.names) << kind.name;
      EXPECT_EQ(read.stored_names, model.stored_names) << kind.name;
      EXPECT_EQ(read.network->heads().size(), model.network->heads().size()) << kind.name;
      require_same_architecture(read, model);
      for (const auto& [name, tensor] : read.parameters) {
        EXPECT_TRUE(at::equal(tensor, model.parameters.at(name))) << name;
      }
    }
  }
}

TEST_F(ModelFileTest, ATiedPairIsReadUnderEitherName) {
  SmallGpt2 tied;
  tied.tied = true;
  for (const Model& model : {tied.model(), SmallBert{}.model()}) {
    for (const Tie& tie : model.ties) {
      Tensors stored;
      for (const auto& [name, tensor] : model.parameters) {
        const bool original = name == tie.original;
        stored[original ? tie.alias : model.stored_names.at(name)] = tensor;
      }
      const std::string place = folder / (model.family->model_type + tie.alias);
      write_checkpoint(place, model.config, stored, {}, {});
      const Model read = load_model(place);
      EXPECT_EQ(read.stored_names, model.stored_names) << tie.alias;
      EXPECT_TRUE(at::equal(read.parameters.at(tie.original), model.parameters.at(tie.original)));
    }
  }
}

// In every dtype, wherever it stands, also where no text reaches it.
TEST_F(ModelFileTest, WhatIsNotFiniteIsRefusedByName) {
  const double infinity = std::numeric_limits<double>::infinity();
  const Model model = SmallBert{}.model();
  for (const at::ScalarType dtype : {at::kDouble, at::kFloat, at::kHalf, at::kBFloat16}) {
    for (const double value : {std::nan(""), infinity, -infinity}) {
      Tensors stored;
      for (const auto& [name, tensor] : model.parameters) {
        stored[model.stored_names.at(name)] = tensor.to(dtype);
      }
      at::Tensor& broken = stored.at("bert.embeddings.position_embeddings.weight");
      broken = broken.clone();
      broken[-1][1] = value;
      write_safetensors(folder / "model.safetensors", stored);
      write_file_atomically(folder / "config.json", model.config.dump());
      EXPECT_THAT(error_of([&] { load_model(folder); }),
                  HasSubstr("bert.embeddings.position_embeddings.weight has NaN or infinity"));
    }
  }
}

TEST(RandomModelTest, IsTheClassThatTheConfigNames) {
  nlohmann::json config = SmallBert{}.config();
  EXPECT_TRUE(random_model(config, 1).network->head(Predicts::token));
  config["architectures"] = {"BertForSequenceClassification"};
  const Model classifier = random_model(config, 1);
  EXPECT_FALSE(classifier.network->head(Predicts::token));
  EXPECT_EQ(classifier.network->head(Predicts::label)->outputs(classifier.parameters), 3);
  EXPECT_EQ(classifier.stored_names.at("pooler.dense.bias"), "bert.pooler.dense.bias");
  EXPECT_EQ(classifier.stored_names.at("classifier.bias"), "classifier.bias");
  config["architectures"] = {"BertModel"};
  EXPECT_EQ(random_model(config, 1).stored_names.at("pooler.dense.bias"), "pooler.dense.bias");
  config["architectures"] = {"BertForNothing"};
  EXPECT_THAT(error_of([&] { random_model(config, 1); }),
              HasSubstr("not a supported class of BERT"));
}

TEST(SameArchitectureTest, IsWhatConfigurationsMean) {
  struct Case {
    nlohmann::json sample;
    const char* epsilon;
    double usual;
    const char *activation, *name, *formula, *heads;
  };
  for (const Case& of : {Case{SmallBert{}.config(), "layer_norm_eps", 1e-12, "hidden_act", "gelu",
                              "gelu", "num_attention_heads"},
                         Case{SmallGpt2{}.config(), "layer_norm_epsilon", 1e-5,
                              "activation_function", "gelu_pytorch_tanh", "gelu tanh", "n_head"}}) {
    nlohmann::json plain = of.sample, spelt = of.sample;
    plain.erase(of.epsilon);
    plain.erase(of.activation);
    spelt[of.epsilon] = of.usual;
    spelt[of.activation] = of.name;
    const Model a = random_model(plain, 1);
    require_same_architecture(a, random_model(spelt, 2));
    const auto refused = [&](const char* key, const nlohmann::json& value,
                             const std::string& what) {
      nlohmann::json other = spelt;
      other[key] = value;
      EXPECT_THAT(error_of([&] { require_same_architecture(a, random_model(other, 2)); }),
                  HasSubstr(what));
    };
    refused(of.epsilon, 1e-3, "the epsilon of norms is");
    refused(of.activation, "relu",
            fmt::format("the activation is {} in random, but relu in random", of.formula));
    refused(of.heads, 1, "the number of heads is");
  }
}

TEST(RandomModelTest, DiffersBySeed) {
  const Tensors one = random_model(SmallBert{}.config(), 1).parameters;
  EXPECT_EQ(one.at("embeddings.LayerNorm.weight").scalar_type(), at::kDouble);
  for (const auto& [name, tensor] : random_model(SmallBert{}.config(), 1).parameters) {
    EXPECT_TRUE(at::equal(tensor, one.at(name))) << name;
  }
  for (const auto& [name, tensor] : random_model(SmallBert{}.config(), 2).parameters) {
    EXPECT_FALSE(at::equal(tensor, one.at(name))) << name;
  }
}

TEST(MakeModelTest, NamesWhatIsMissing) {
  const Model model = SmallBert{}.model();
  Tensors parameters = model.parameters;
  parameters.erase("encoder.layer.1.output.dense.bias");
  EXPECT_THAT(error_of([&] { make_model(*model.family, model.config, parameters, "here"); }),
              HasSubstr("encoder.layer.1.output.dense.bias"));
}

TEST(UntieTest, KeepsTheFunction) {
  const Batch batch{random_ids(3, 11, 37, 9), {}, {}};
  for (const Model& model : {SmallBert{}.model(), SmallGpt2{.tied = true}.model()}) {
    const Model untied = untie(model);
    EXPECT_EQ(untied.parameters.size(), model.parameters.size() + model.ties.size());
    EXPECT_TRUE(untied.ties.empty());
    EXPECT_TRUE(at::equal(token_logits(model, model.parameters, batch),
                          token_logits(untied, untied.parameters, batch)));
  }
  // There is nothing to untie without the head.
  const Model bare = SmallBert{.masked_lm = false}.model();
  EXPECT_EQ(untie(bare).parameters.size(), bare.parameters.size());
}

TEST(TableOfTest, AblationsAreOneFamilys) {
  const Model model = SmallGpt2{}.model();
  EXPECT_THAT(error_of([&] { table_of(model, {.ignore_heads = true}); }),
              HasSubstr("not available for GPT-2"));
}

}  // namespace
}  // namespace braid
