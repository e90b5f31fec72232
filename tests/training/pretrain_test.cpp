#include "braid/training/pretrain.h"

#include <gmock/gmock.h>

#include "braid/checkpoint/safetensors.h"
#include "braid/error.h"
#include "braid/tasks/masked.h"
#include "braid/text/new_tokenizer.h"
#include "braid/training/initialise.h"
#include "tests/checkpoint/temporary_folder.h"
#include "tests/models/small_bert.h"

namespace braid {
namespace {

// Sentences with something to learn: each word decides the next.
std::vector<std::string> rhymes() {
  const std::vector<std::string> words = {"ba", "ce", "di", "fo", "gu", "ha", "je", "ki"};
  std::vector<std::string> lines;
  Random random(1);
  for (int i = 0; i < 400; ++i) {
    std::string line;
    std::int64_t word = random.below(8);
    for (int j = 0; j < 12; ++j) {
      line += words[static_cast<std::size_t>(word)] + " ";
      word = (3 * word + 1 + random.below(2)) % 8;
    }
    lines.push_back(line);
  }
  return lines;
}

std::shared_ptr<const Tokenizer> tokenizer() {
  return word_piece_tokenizer({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "ba", "ce", "di", "fo",
                               "gu", "ha", "je", "ki"});
}

nlohmann::json config() {
  SmallBert bert;
  bert.vocabulary = 13;
  nlohmann::json config = bert.config();
  config["initializer_range"] = 0.1;
  return config;
}

PretrainOptions short_run() {
  PretrainOptions options;
  options.steps = 100;
  options.block = 12;
  options.batch_size = 16;
  options.learning_rate = 5e-3;
  options.seed = 3;
  options.save_every = 50;
  return options;
}

class PretrainTest : public TemporaryFolder {
 protected:
  Pretrained train(const PretrainOptions& options, const TrainingLog& log = {}) {
    std::vector<TokenSequence> blocks = marked_blocks(rhymes(), *tokenizer(), options.block);
    if (blocks.back().size() < options.block) blocks.pop_back();
    return pretrain(config(), tokenizer(), blocks, std::nullopt, options, folder / "state", log);
  }
};

bool equal(const Tensors& a, const Tensors& b) {
  return std::all_of(a.begin(), a.end(),
                     [&](const auto& named) { return at::equal(named.second, b.at(named.first)); });
}

TEST_F(PretrainTest, LearnsMoreThanWordCounts) {
  PretrainOptions options = short_run();
  options.steps = 200;
  const Pretrained trained = train(options);
  EXPECT_LT(trained.curve.back().loss, 1.9);  // ln 8 = 2.08 is all that counting words gives
}

TEST_F(PretrainTest, ThreadsDoNotChangeTheResult) {
  PretrainOptions options = short_run();
  options.steps = 20;
  const Tensors one = train(options).parameters;
  options.compute.threads = 3;
  EXPECT_TRUE(equal(one, train(options).parameters));
  options.seed = 4;
  EXPECT_FALSE(equal(one, train(options).parameters));
}

TEST_F(PretrainTest, AStoppedRunGoesOnToTheSameResult) {
  PretrainOptions options = short_run();
  options.steps = 120;
  const Pretrained whole = train(options);
  std::filesystem::remove(folder / "state");
  EXPECT_THROW(train(options,
                     [](const TrainingPoint& point, std::int64_t) {
                       if (point.step == 100) throw std::runtime_error("power cut");
                     }),
               std::runtime_error);
  ASSERT_TRUE(std::filesystem::exists(folder / "state"));
  const Pretrained resumed = train(options);
  EXPECT_TRUE(equal(whole.parameters, resumed.parameters));
  ASSERT_EQ(resumed.curve.size(), whole.curve.size());
  EXPECT_EQ(resumed.curve.back().loss, whole.curve.back().loss);
}

TEST_F(PretrainTest, RefusesTheStateOfAnotherRun) {
  PretrainOptions options = short_run();
  options.steps = 60;
  train(options);
  options.seed = 9;
  EXPECT_THAT(error_of([&] { train(options); }), ::testing::HasSubstr("another training run"));
}

TEST_F(PretrainTest, RefusesABrokenState) {
  PretrainOptions options = short_run();
  options.steps = 60;
  train(options);
  const std::filesystem::path file = folder / "state";
  Tensors saved;
  for (const auto& [name, tensor] : read_safetensors(file)) saved[name] = tensor.clone();
  const auto record = std::find_if(saved.begin(), saved.end(), [](const auto& named) {
    return named.second.scalar_type() == at::kByte;
  });
  ASSERT_NE(record, saved.end());
  const auto refuses = [&](const Tensors& broken, const std::string& what) {
    write_safetensors(file, broken);
    EXPECT_THAT(error_of([&] { train(options); }), ::testing::StartsWith(file.string())) << what;
  };
  const nlohmann::json json = json_from_tensor(record->second);
  for (const auto& [key, value] : json.items()) {
    nlohmann::json broken = json;
    broken.erase(key);
    Tensors without = saved;
    without[record->first] = json_tensor(broken);
    refuses(without, "without " + key);
    broken[key] = {{"another", "kind"}};
    without[record->first] = json_tensor(broken);
    if (key != "notes") refuses(without, key + " of another kind");
  }
  for (const auto& [name, tensor] : saved) {
    Tensors without = saved;
    without.erase(name);
    refuses(without, "without " + name);
    if (tensor.dim() == 0) continue;
    without[name] = tensor.slice(0, 0, tensor.size(0) - 1).clone();
    refuses(without, "a part of " + name);
  }
  std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
  EXPECT_THAT(error_of([&] { train(options); }), ::testing::StartsWith(file.string()));
}

TEST_F(PretrainTest, AnotherValidationIsAnotherRun) {
  PretrainOptions options = short_run();
  options.steps = 60;
  const auto blocks = [&](std::int64_t first) {
    std::vector<TokenSequence> all = marked_blocks(rhymes(), *tokenizer(), options.block);
    return std::vector<TokenSequence>(all.begin() + first, all.begin() + first + 20);
  };
  const auto train_with = [&](std::int64_t first) {
    Examples valid{&masked_task(), blocks(first)};
    for (TokenSequence& block : valid.sequences) block.labels = block.ids;
    valid.batches = batches_by_length(valid.sequences);
    return pretrain(config(), tokenizer(), blocks(0), valid, options, folder / "state");
  };
  train_with(20);
  EXPECT_NO_THROW(train_with(20));
  EXPECT_THAT(error_of([&] { train_with(40); }), ::testing::HasSubstr("another training run"));
}

TEST_F(PretrainTest, SaysWhatDoesNotFit) {
  const auto message = [&](auto change) {
    PretrainOptions options = short_run();
    change(options);
    return error_of([&] { train(options); });
  };
  EXPECT_THAT(message([](auto& o) { o.steps = 0; }), ::testing::HasSubstr("`steps` is 0"));
  EXPECT_THAT(message([](auto& o) { o.block = 17; }),
              ::testing::HasSubstr("`block` is 17, but config.json has 16 positions"));
  EXPECT_THAT(message([](auto& o) { o.batch_size = 0; }),
              ::testing::HasSubstr("`batch-size` is 0"));
  EXPECT_THAT(message([](auto& o) { o.learning_rate = 1e30; }),
              ::testing::ContainsRegex("step [0-9]+: .* became .*; lower `learning-rate`"));
}

TEST(InitialiseTest, SeedsShareOnlyShapes) {
  const Tensors one = initialise(config(), 1);
  const Tensors two = initialise(config(), 2);
  for (const auto& [name, tensor] : one) {
    if (tensor.dim() < 2) continue;  // gains are 1, biases 0
    const at::Tensor both = at::stack({tensor.flatten(), two.at(name).flatten()});
    const double chance = 5 / std::sqrt(static_cast<double>(tensor.numel()));
    EXPECT_LT(std::abs(at::corrcoef(both)[0][1].item<double>()), chance) << name;
  }
  EXPECT_TRUE(equal(one, initialise(config(), 1)));
}

}  // namespace
}  // namespace braid
