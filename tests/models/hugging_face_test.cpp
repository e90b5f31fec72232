// Outputs equal to Hugging Face's on models that it wrote (make_models.py) and on the fixtures.
#include <gmock/gmock.h>

#include <cstdlib>

#include "braid/checkpoint/fingerprint.h"
#include "braid/checkpoint/safetensors.h"
#include "braid/error.h"
#include "tests/checkpoint/temporary_folder.h"
#include "tests/models/small_bert.h"
#include "tests/project_folder.h"

namespace braid {
namespace {

namespace fs = std::filesystem;

class HuggingFaceTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const char* python = std::getenv("BRAID_TEST_PYTHON");
    if (python == nullptr) return;
    std::string name = (fs::temp_directory_path() / "braid-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder = name;
    const fs::path script = in_project("tests/models/make_models.py");
    const std::string command = fmt::format("env -u LD_PRELOAD '{}' -W ignore '{}' '{}' >&2",
                                            python, script.string(), name);
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
  }
  static void TearDownTestSuite() {
    if (!folder.empty()) fs::remove_all(folder);
  }
  void SetUp() override {
    if (folder.empty()) GTEST_SKIP() << "BRAID_TEST_PYTHON is not set";
  }
  static inline fs::path folder;
};

void expect_outputs(const fs::path& place, at::ScalarType precision, double tolerance) {
  const Model model = load_model(place);
  const Tensors parameters = cast(model.parameters, precision);
  const Tensors expected = read_safetensors(place / "outputs.safetensors");
  const bool images = expected.contains("pixel_values");
  at::Tensor mask;
  Batch batch;
  if (images) {
    batch.pixels = expected.at("pixel_values");
  } else {
    mask = expected.at("attention_mask").to(at::kBool);
    batch = {expected.at("input_ids"), mask};
  }
  Wanted wanted;
  for (const Head& head : model.network->heads()) wanted.heads.insert(head.predicts);
  if (expected.contains("token_type_ids")) batch.token_type_ids = expected.at("token_type_ids");
  // Positions of padding are nobody's business.
  const auto compare = [&](const at::Tensor& found, const at::Tensor& wanted) {
    const at::Tensor gap = (found.to(at::kDouble) - wanted).abs();
    const bool padded = gap.dim() == 3 && mask.defined();
    const at::Tensor seen = padded ? gap.masked_fill(~mask.unsqueeze(-1), 0) : gap;
    EXPECT_LT(seen.max().item<double>(), tolerance) << place;
  };
  wanted.pooled = expected.contains("pooled");
  const Outputs outputs = model.network->run(parameters, batch, wanted);
  if (wanted.pooled) compare(outputs.pooled, expected.at("pooled"));
  if (expected.contains("hidden")) compare(outputs.hidden, expected.at("hidden"));
  if (expected.contains("logits")) {
    const Predicts head =
        model.network->head(Predicts::token) ? Predicts::token : Predicts::written;
    compare(outputs.heads.at(head), expected.at("logits"));
  }
  if (expected.contains("replaced")) {
    compare(outputs.heads.at(Predicts::replaced), expected.at("replaced"));
  }
  if (expected.contains("sentence")) {
    const Predicts head =
        model.network->head(Predicts::label) ? Predicts::label : Predicts::next_sentence;
    compare(outputs.heads.at(head), expected.at("sentence"));
  }
}

TEST_F(HuggingFaceTest, OutputsAgreeInDoubleAndSinglePrecision) {
  for (const char* name : {"masked-gelu",
                           "masked-gelu_new",
                           "masked-relu",
                           "masked-untied",
                           "masked-sharded",
                           "pretraining",
                           "pretraining-zip",
                           "pretraining-legacy",
                           "classifier",
                           "encoder",
                           "gpt2",
                           "gpt2-untied",
                           "gpt2-legacy",
                           "gpt2-bare",
                           "neox",
                           "neox-old",
                           "neox-sequential",
                           "neox-tied",
                           "neox-bare",
                           "neox-classifier",
                           "roberta",
                           "roberta-untied",
                           "roberta-bare",
                           "roberta-classifier",
                           "xlm-roberta",
                           "camembert",
                           "distilbert",
                           "distilbert-untied",
                           "distilbert-bare",
                           "distilbert-classifier",
                           "electra",
                           "electra-untied",
                           "electra-wide",
                           "electra-discriminator",
                           "electra-bare",
                           "electra-classifier",
                           "albert",
                           "albert-untied",
                           "albert-pretraining",
                           "albert-bare",
                           "albert-classifier",
                           "deberta-v2",
                           "deberta-v2-near",
                           "deberta-v2-keyed",
                           "deberta-v2-plain",
                           "deberta-v2-classifier",
                           "vit",
                           "vit-unbiased",
                           "vit-bare",
                           "deit",
                           "deit-taught",
                           "deit-bare",
                           "opt",
                           "opt-plain",
                           "opt-classifier"}) {
    expect_outputs(folder / name, at::kDouble, 1e-9);
    expect_outputs(folder / name, at::kFloat, 1e-4);
  }
}

// Hugging Face's RMSNorm, OLMo's norm and ModernBERT's rotation are in single precision even in a
// double model.
TEST_F(HuggingFaceTest, OutputsAgreeAsFarAsHuggingFaceGoes) {
  for (const char* name : {"llama",
                           "llama-tied",
                           "llama-biased",
                           "llama-3",
                           "llama-dynamic",
                           "llama-bare",
                           "llama-classifier",
                           "mistral",
                           "mistral-whole",
                           "qwen2",
                           "qwen2-windows",
                           "qwen3",
                           "qwen3-biased",
                           "olmo",
                           "olmo-tied",
                           "olmo-bare",
                           "olmo2",
                           "olmo2-biased",
                           "hf-olmo",
                           "t5",
                           "t5-gated",
                           "t5-tied",
                           "mt5",
                           "modernbert",
                           "modernbert-biased",
                           "modernbert-untied",
                           "modernbert-bare",
                           "modernbert-classifier",
                           "modernbert-mean"}) {
    expect_outputs(folder / name, at::kDouble, 1e-5);
    expect_outputs(folder / name, at::kFloat, 1e-4);
  }
}

TEST_F(HuggingFaceTest, EveryFileFormatIsTheSameModel) {
  const std::string expected = fingerprint(load_model(folder / "pretraining").parameters);
  EXPECT_EQ(fingerprint(load_model(folder / "pretraining-zip").parameters), expected);
  EXPECT_EQ(fingerprint(load_model(folder / "pretraining-legacy").parameters), expected);
}

TEST(FixtureLogitsTest, EqualHuggingFaces) {
  const fs::path fixtures = in_project("../shared/fixtures");
  if (!fs::exists(fixtures)) GTEST_SKIP() << fixtures << " does not exist";
  const Tensors expected = read_safetensors(fixtures / "logits.safetensors");
  const at::Tensor mask = expected.at("attention_mask").to(at::kBool);
  for (const char* name : {"bert-a", "bert-b"}) {
    const Model model = load_model(fixtures / name);
    for (const auto& [precision, tolerance] : {std::pair{at::kDouble, 1e-9}, {at::kFloat, 1e-4}}) {
      const Tensors parameters = cast(model.parameters, precision);
      const at::Tensor logits =
          token_logits(model, parameters,
                       {expected.at("input_ids"), mask, expected.at("token_type_ids")})
              .to(at::kDouble);
      const at::Tensor gap = (logits - expected.at(name)).abs().masked_fill(~mask.unsqueeze(-1), 0);
      EXPECT_LT(gap.max().item<double>(), tolerance) << name;
    }
  }
}

TEST(FixtureFilesTest, PytorchBinIsTheSameModel) {
  const fs::path fixtures = in_project("../shared/fixtures");
  if (!fs::exists(fixtures)) GTEST_SKIP() << fixtures << " does not exist";
  EXPECT_EQ(fingerprint(load_model(fixtures / "bert-b").parameters),
            fingerprint(load_model(fixtures / "bert-b-bin").parameters));
}

}  // namespace
}  // namespace braid
