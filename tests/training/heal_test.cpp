#include "braid/training/heal.h"

#include <gmock/gmock.h>

#include "braid/connectivity/interpolate.h"
#include "braid/tasks/masked.h"
#include "braid/training/token_steps.h"
#include "tests/checkpoint/temporary_folder.h"
#include "tests/models/small_bert.h"

namespace braid {
namespace {

Examples text(std::uint64_t seed) {
  Examples text;
  text.task = &masked_task();
  for (std::uint64_t i = 0; i < 16; ++i) {
    const at::Tensor ids = random_ids(1, 12, 37, seed + i);
    TokenSequence& sequence = text.sequences.emplace_back();
    sequence.ids.assign(ids.const_data_ptr<std::int64_t>(),
                        ids.const_data_ptr<std::int64_t>() + 12);
    sequence.labels.assign(12, -100);
    for (std::size_t j = 0; j < 12; j += 3) {
      sequence.labels[j] = sequence.ids[j];
      sequence.ids[j] = 4;
    }
  }
  text.batches = batches_in_order(text.sequences, 4);
  return text;
}

class HealTest : public TemporaryFolder {
 protected:
  Healed heal_to(std::int64_t steps, double learning_rate = 3e-3) const {
    HealOptions options;
    options.steps = steps;
    options.learning_rate = learning_rate;
    options.evaluate_every = 10;
    const Measure measure = [&](const Tensors& p) {
      return evaluate(*model_.network, p, seen_, {.threads = 1});
    };
    return heal(model_, token_steps(*model_.network, masked_task(), seen_.sequences, {8, 1, {}}),
                {{"text", 1}}, measure, options, {}, {});
  }

  using Measure = std::function<Score(const Tensors&)>;
  Model model_ = SmallBert{}.model();
  Examples seen_ = text(50);
};

TEST_F(HealTest, LowersTheLossAndSaysWhen) {
  const double before =
      evaluate(*model_.network, cast(model_.parameters, at::kFloat), seen_, {.threads = 1}).loss;
  const Healed healed = heal_to(60);
  ASSERT_EQ(healed.points.size(), 6);
  const DevPoint& last = healed.points.back();
  EXPECT_LT(last.score.loss, before - 0.3);
  EXPECT_EQ(last.tokens, 60 * 8 * 12);
  EXPECT_EQ(healed.tokens_until(last.score.loss + 100), 10 * 8 * 12);
  EXPECT_EQ(healed.tokens_until(0), std::nullopt);
  EXPECT_EQ(healed.parameters.at("encoder.layer.0.output.dense.weight").scalar_type(), at::kDouble);
  EXPECT_EQ(heal_to(60).points.back().score.loss, last.score.loss);
}

TEST_F(HealTest, NamesItsOwnLearningRate) {
  EXPECT_THAT(error_of([&] { heal_to(20, 1e30); }),
              ::testing::HasSubstr("lower `heal-learning-rate`"));
}

TEST_F(HealTest, NeedsSteps) { EXPECT_THROW(heal_to(0), Error); }

}  // namespace
}  // namespace braid
