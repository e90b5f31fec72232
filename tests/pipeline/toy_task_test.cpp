// A task that braid has never seen is evaluated, trained and traced by what is there for all.
#include <gmock/gmock.h>

#include "braid/connectivity/barrier.h"
#include "braid/text/new_tokenizer.h"
#include "braid/training/finetune.h"
#include "tests/checkpoint/temporary_folder.h"
#include "tests/models/small_bert.h"
#include "tests/pipeline/token_count.h"

namespace braid {
namespace {

const std::vector<const Task*> toy_tasks = {&token_count()};  // its one line

class ToyTaskTest : public TemporaryFolder {
 protected:
  ToyTaskTest() {
    std::string lines;
    Random random(3);
    for (int i = 0; i < 200; ++i) {
      for (std::int64_t j = random.below(12); j >= 0; --j) lines += random.below(2) ? "a " : "b ";
      lines += "a\n";
    }
    TaskInput input;
    input.text = write("lines.txt", lines).string();
    const auto tokenizer =
        word_piece_tokenizer({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b"});
    examples_ = task_.load(input, *tokenizer, 16);
  }

  Finetuned tuned(std::uint64_t seed) {
    SmallBert bert;
    bert.seed = seed;
    Model model = bert.model();
    model.config["initializer_range"] = 0.1;
    model.parameters = cast(model.parameters, at::kFloat);
    FinetuneOptions options;
    options.epochs = 8;
    options.learning_rate = 3e-3;
    return finetune(model, examples_, examples_, options, folder / "state");
  }

  const Task& task_ = *toy_tasks.front();
  Examples examples_;
};

TEST_F(ToyTaskTest, IsTrainedEvaluatedAndTraced) {
  const Finetuned a = tuned(1), b = tuned(2);
  ASSERT_EQ(a.dev.size(), 8);
  EXPECT_LT(a.best()->score.loss, 0.5 * a.dev.front().score.loss);
  EXPECT_EQ(a.model.config["problem_type"], "regression");
  const Score one = evaluate(*a.model.network, a.model.parameters, examples_, {.threads = 1});
  EXPECT_EQ(one.loss,
            evaluate(*a.model.network, a.model.parameters, examples_, {.threads = 3}).loss);
  EXPECT_EQ(one.loss, a.best()->score.loss);
  EXPECT_EQ(one.scored, 200);
  double sum = 0;
  for (const TokenSequence& s : examples_.sequences) {
    const double said =
        a.model.network->predict(a.model.parameters, pad({s}), Predicts::label).item<double>();
    sum += (said - s.target) * (said - s.target);
  }
  EXPECT_NEAR(one.loss, sum / 200, 1e-5);
  EXPECT_NEAR(one.metrics.at("rmse"), std::sqrt(sum / 200), 1e-5);

  const Path path =
      make_path(a.model, b.model, {}, b.model.symmetries, Decoder::tied, {.dtype = at::kFloat});
  const Curve curve = trace(path, examples_, 5, {.threads = 2});
  EXPECT_EQ(curve.loss.front(), one.loss);
  EXPECT_GT(curve.barrier(), 0);
  EXPECT_EQ(curve.metrics.at("rmse").size(), 5);
}

}  // namespace
}  // namespace braid
