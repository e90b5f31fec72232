#include "braid/training/finetune.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <gmock/gmock.h>

#include "braid/error.h"
#include "braid/symmetry/transform.h"
#include "braid/tasks/tasks.h"
#include "tests/checkpoint/temporary_folder.h"
#include "tests/models/small_bert.h"

namespace braid {
namespace {

using ::testing::HasSubstr;

// Class 1 where token 9 is in the text.
Examples examples(std::int64_t count, std::uint64_t seed, const char* task = "sst2") {
  Random random(seed);
  Examples text;
  text.task = &find_task(task);
  for (std::int64_t i = 0; i < count; ++i) {
    TokenSequence sequence;
    const std::int64_t length = 4 + random.below(6);
    for (std::int64_t j = 0; j < length; ++j) sequence.ids.push_back(10 + random.below(20));
    const std::int64_t label = random.below(2);
    if (label) sequence.ids[static_cast<std::size_t>(random.below(length))] = 9;
    sequence.target = static_cast<double>(label);
    text.sequences.push_back(std::move(sequence));
  }
  text.batches = batches_by_length(text.sequences);
  return text;
}

Model encoder() {
  Model model = SmallBert{}.model();
  model.config["initializer_range"] = 0.1;
  model.parameters = cast(model.parameters, at::kFloat);
  return model;
}

FinetuneOptions short_run() {
  FinetuneOptions options;
  options.epochs = 2;
  options.batch_size = 16;
  options.learning_rate = 3e-3;
  options.save_every = 50;
  return options;
}

bool equal(const Tensors& a, const Tensors& b) {
  return std::all_of(a.begin(), a.end(),
                     [&](const auto& named) { return at::equal(named.second, b.at(named.first)); });
}

class FinetuneTest : public TemporaryFolder {
 protected:
  FinetuneTest() { at::set_num_threads(1); }  // as the program does: tasks are what is spread

  Finetuned tune(const FinetuneOptions& options, const TrainingLog& log = {}) {
    const Examples dev = examples(60, 2);
    return finetune(encoder(), examples(500, 1), dev, options, folder / "state", log);
  }
};

TEST_F(FinetuneTest, LearnsWhatSetsTheClassesApart) {
  FinetuneOptions options = short_run();
  options.epochs = 6;
  const Finetuned tuned = tune(options);
  EXPECT_EQ(tuned.dev.size(), 6);
  const Score score =
      evaluate(*tuned.model.network, tuned.model.parameters, examples(200, 3), {.threads = 2});
  EXPECT_GT(score.metrics.at("accuracy"), 0.95);
  EXPECT_EQ(tuned.model.stored_names.at("classifier.weight"), "classifier.weight");
  EXPECT_EQ(tuned.model.stored_names.at("pooler.dense.bias"), "bert.pooler.dense.bias");
  EXPECT_FALSE(tuned.model.parameters.contains("cls.predictions.bias"));
}

TEST_F(FinetuneTest, ThreadsDoNotChangeTheResult) {
  FinetuneOptions options = short_run();
  options.epochs = 0.5;
  const Finetuned one = tune(options);
  options.compute.threads = 3;
  EXPECT_TRUE(equal(one.model.parameters, tune(options).model.parameters));
  options.seed = 5;
  EXPECT_FALSE(equal(one.model.parameters, tune(options).model.parameters));
}

TEST_F(FinetuneTest, AStoppedRunGoesOnToTheSameResult) {
  FinetuneOptions options = short_run();
  options.epochs = 4;
  const Finetuned whole = tune(options);
  std::filesystem::remove(folder / "state");
  EXPECT_THROW(tune(options,
                    [](const TrainingPoint& point, std::int64_t) {
                      if (point.step == 100) throw std::runtime_error("power cut");
                    }),
               std::runtime_error);
  ASSERT_TRUE(std::filesystem::exists(folder / "state"));
  const Finetuned resumed = tune(options);
  EXPECT_TRUE(equal(whole.model.parameters, resumed.model.parameters));
  EXPECT_EQ(whole.best_step, resumed.best_step);
  ASSERT_EQ(whole.dev.size(), resumed.dev.size());
  for (std::size_t i = 0; i < whole.dev.size(); ++i) {
    EXPECT_EQ(whole.dev[i].score.loss, resumed.dev[i].score.loss);
  }
}

TEST_F(FinetuneTest, TheLastStepLearnsAsTheOthers) {
  FinetuneOptions options = short_run();
  options.epochs = 1;
  options.batch_size = 1000;
  options.warmup = 0;
  const Finetuned tuned = tune(options);
  const Model start = classifier_start(encoder(), find_task("sst2"), options.head_seed);
  EXPECT_EQ(tuned.curve.back().step, 1);
  EXPECT_FALSE(equal(start.parameters, tuned.model.parameters));
}

TEST_F(FinetuneTest, AnotherValidationIsAnotherRun) {
  FinetuneOptions options = short_run();
  options.epochs = 4;
  EXPECT_THROW(tune(options,
                    [](const TrainingPoint& point, std::int64_t) {
                      if (point.step == 100) throw std::runtime_error("power cut");
                    }),
               std::runtime_error);
  Examples other = examples(60, 2);  // other labels alone
  for (TokenSequence& sequence : other.sequences) sequence.target = 1 - sequence.target;
  EXPECT_THAT(
      error_of([&] { finetune(encoder(), examples(500, 1), other, options, folder / "state"); }),
      HasSubstr("another training run"));
}

TEST_F(FinetuneTest, KeepsTheBestAndStopsEarly) {
  FinetuneOptions options = short_run();
  options.epochs = 15;
  options.learning_rate = 5e-3;
  options.patience = 2;
  const Finetuned tuned = tune(options);
  EXPECT_LT(tuned.dev.size(), 15);
  double best = 0;
  for (const DevPoint& point : tuned.dev) {
    best = std::max(best, point.score.metrics.at("accuracy"));
  }
  const Score kept =
      evaluate(*tuned.model.network, tuned.model.parameters, examples(60, 2), {.threads = 1});
  EXPECT_EQ(kept.metrics.at("accuracy"), best);
}

TEST_F(FinetuneTest, TwoEncodersStartFromOneHead) {
  SmallBert other;
  other.seed = 2;
  const Task& task = find_task("mnli");
  const Model one = classifier_start(encoder(), task, 7);
  Model start = other.model();
  start.config = encoder().config;
  const Model two = classifier_start(start, task, 7);
  for (const char* name : {"classifier.weight", "pooler.dense.weight"}) {
    EXPECT_TRUE(at::equal(one.parameters.at(name), two.parameters.at(name))) << name;
  }
  EXPECT_FALSE(at::equal(one.parameters.at("classifier.weight"),
                         classifier_start(encoder(), task, 8).parameters.at("classifier.weight")));
  EXPECT_EQ(one.parameters.at("classifier.weight").size(0), 3);
  EXPECT_EQ(one.config["id2label"]["1"], "neutral");
}

// As transformers starts a head: gains are 1, biases 0.
TEST_F(FinetuneTest, ADrawnHeadKeepsTheScaleOfItsNorm) {
  std::set<std::string> with_norm;
  for (const Family* family : families()) {
    const auto is_bare = [](const ModelClass& kind) { return kind.parts.empty(); };
    const auto bare = std::ranges::find_if(family->classes, is_bare);
    const auto classifier = std::ranges::find_if(family->classes, [](const ModelClass& kind) {
      return kind.name.ends_with("ForSequenceClassification");
    });
    if (bare == family->classes.end() || classifier == family->classes.end()) continue;
    nlohmann::json config = family->sample;
    config["architectures"] = {bare->name};
    const Model start = random_model(config, 1);
    for (const auto& [name, tensor] : classifier_start(start, find_task("sst2"), 7).parameters) {
      if (start.parameters.contains(name) || tensor.dim() != 1) continue;
      const bool gain = name.ends_with(".weight");
      EXPECT_TRUE(at::equal(tensor, at::full_like(tensor, gain ? 1 : 0))) << name;
      if (gain) with_norm.insert(family->model_type);
    }
  }
  EXPECT_THAT(with_norm, ::testing::ElementsAre("modernbert"));
}

// As run_glue with --ignore_mismatched_sizes: from MNLI's three labels to two, the rest stays.
TEST_F(FinetuneTest, AClassifierOfOtherLabelsIsDrawnAnew) {
  const Model three = classifier_start(encoder(), find_task("mnli"), 7);
  const Model two = classifier_start(three, find_task("rte"), 8);
  EXPECT_EQ(two.parameters.at("classifier.weight").size(0), 2);
  EXPECT_EQ(two.config["id2label"].size(), 2);
  for (const char* name : {"pooler.dense.weight", "encoder.layer.1.output.dense.weight"}) {
    EXPECT_TRUE(at::equal(two.parameters.at(name), three.parameters.at(name))) << name;
  }
  const Model fresh = classifier_start(encoder(), find_task("rte"), 8);
  EXPECT_EQ(fresh.parameters.at("classifier.weight").sizes(),
            two.parameters.at("classifier.weight").sizes());
  EXPECT_TRUE(
      at::equal(classifier_start(three, find_task("mnli"), 8).parameters.at("classifier.weight"),
                three.parameters.at("classifier.weight")));
}

// Every classifier symmetry leaves loss and metrics as they are: pooler and classifier move
// together.
TEST_F(FinetuneTest, MovedClassifiersScoreTheSame) {
  const Model model = classifier_start(SmallBert{}.model(), find_task("sst2"), 3);
  const Tensors wide = cast(model.parameters, at::kDouble);
  Random random(4);
  const Examples text = examples(50, 6);
  const Score before = evaluate(*model.network, wide, text, {.threads = 1});
  const Tensors moved =
      transform_parameters(model.symmetries, wide, random_transform(model.symmetries, random));
  EXPECT_FALSE(at::equal(moved.at("classifier.weight"), wide.at("classifier.weight")));
  EXPECT_NEAR(evaluate(*model.network, moved, text, {.threads = 1}).loss, before.loss, 1e-9);
}

TEST(DropoutTest, KeepsTheMeanAndItsSeed) {
  const at::Tensor x = at::ones({1000, 100});
  const Dropout first{0.1, 0, at::make_generator<at::CPUGeneratorImpl>(1)};
  const Dropout again{0.1, 0, at::make_generator<at::CPUGeneratorImpl>(1)};
  const at::Tensor dropped = first.apply(x, 0.1);
  EXPECT_TRUE(at::equal(dropped, again.apply(x, 0.1)));
  EXPECT_NEAR(dropped.mean().item<double>(), 1, 0.01);
  EXPECT_NEAR(dropped.eq(0).to(at::kDouble).mean().item<double>(), 0.1, 0.01);
  EXPECT_TRUE(first.apply(x, 0).is_same(x));
}

// With attention dropout the probabilities are formed apart from the fused kernel: nearly nothing
// dropped must be nearly the same.
TEST(DropoutTest, AttentionByHandIsAttention) {
  const Model model = SmallBert{}.model();
  Batch batch = pad({{{1, 2, 3, 4, 5}, {}}, {{6, 7, 8}, {}}});
  const Dropout dropout{0, 1e-12, at::make_generator<at::CPUGeneratorImpl>(1)};
  const at::Tensor plain = model.network->encode(model.parameters, batch);
  const at::Tensor dropped = model.network->encode(model.parameters, batch, {}, &dropout);
  EXPECT_LT(largest_difference(plain[0], dropped[0]), 1e-9);
  EXPECT_LT(largest_difference(plain[1].narrow(0, 0, 3), dropped[1].narrow(0, 0, 3)), 1e-9);
}

}  // namespace
}  // namespace braid
