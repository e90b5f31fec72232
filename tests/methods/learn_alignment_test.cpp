// Learning lowers the loss mid-path and never changes what B computes.
#include "braid/methods/learn_alignment.h"

#include <gmock/gmock.h>

#include "braid/connectivity/interpolate.h"
#include "braid/error.h"
#include "braid/tasks/evaluate.h"
#include "braid/tasks/masked.h"
#include "braid/training/token_steps.h"
#include "tests/checkpoint/temporary_folder.h"
#include "tests/models/small_bert.h"

namespace braid {
namespace {

// Random ids masked at random: models that know nothing of them still have losses to differentiate.
Examples masked_ids() {
  Examples text;
  text.task = &masked_task();
  for (std::size_t i = 0; i < 32; ++i) {
    const at::Tensor ids = random_ids(1, 12, 37, 5 + i);
    TokenSequence& sequence = text.sequences.emplace_back();
    sequence.ids.assign(ids.const_data_ptr<std::int64_t>(),
                        ids.const_data_ptr<std::int64_t>() + 12);
    sequence.labels.assign(12, -100);
    sequence.labels[i % 12] = sequence.ids[i % 12];
  }
  text.batches = batches_in_order(text.sequences, 32);
  return text;
}

TEST(LatentsTest, AMapThatCannotBeInvertedIsNamedAsSuch) {
  SmallBert bert;
  const Model model = bert.model();
  const Latents latents(model.symmetries, {}, {.learn = {"in-head"}, .shifts = false});
  Tensors values = latents.start();
  ASSERT_FALSE(values.empty());
  for (auto& [name, value] : values) value = at::zeros_like(value);
  EXPECT_THAT([&] { latents.relaxed(values); },
              ::testing::ThrowsMessage<Error>(::testing::HasSubstr("has become singular")));
}

Alignment identity(const Model& model) {
  Alignment alignment;
  alignment.family = model.symmetries.family;
  return alignment;
}

class LearnTest : public TemporaryFolder {
 protected:
  LearnTest() {
    SmallBert bert;
    a_ = bert.model();
    bert.seed = 2;
    b_ = bert.model();
    options_.steps = 60;
    options_.latents.learning_rate = 0.02;
    options_.save_every = 0;
  }

  Evidence evidence(const std::filesystem::path& state = {}) const {
    return {{},
            identity(b_),
            token_steps(*a_.network, masked_task(), masked_ids().sequences, {16, 3, {}}),
            {{"run", 1}},
            state,
            {}};
  }

  Alignment learn(const LearnOptions& options, const std::filesystem::path& state = {},
                  int threads = 1) const {
    return learn_alignment(a_, b_, evidence(state), options, {.threads = threads});
  }

  double middle(const Alignment& alignment) const {
    const Tensors moved = transform_parameters(b_.symmetries, b_.parameters, alignment.transform());
    return evaluate(*a_.network, interpolate(a_.parameters, moved, 0.5), masked_ids(),
                    {.threads = 1})
        .loss;
  }

  Model a_, b_;
  LearnOptions options_;
};

TEST_F(LearnTest, LowersTheLossMidPathAndStaysExact) {
  for (const std::set<std::string>& parts : {std::set<std::string>{"in-head"},
                                             {"ffn"},
                                             {"residual", "heads"},
                                             {"shifts"},
                                             {"in-head", "ffn", "heads", "residual", "shifts"}}) {
    options_.latents.learn = parts;
    const Alignment learned = learn(options_);
    const Tensors moved = transform_parameters(b_.symmetries, b_.parameters, learned.transform());
    const at::Tensor ids = random_ids(4, 12, 37, 3);
    const auto logits = [&](const Tensors& parameters) {
      return token_logits(b_, parameters, {ids, {}, {}});
    };
    const at::Tensor before = logits(b_.parameters);
    EXPECT_LT(largest_difference(before, logits(moved)) / before.abs().max().item<double>(), 1e-8);
    EXPECT_LT(middle(learned), middle(identity(b_))) << *parts.begin();
  }
}

// A moved too, and B took it over: the same function of the average, an element for B alone.
TEST_F(LearnTest, BothMayMove) {
  options_.move_both = true;
  options_.steps = 30;
  for (const std::set<std::string>& parts :
       {std::set<std::string>{"in-head"}, {"in-head", "heads", "ffn", "shifts"}}) {
    options_.latents.learn = parts;
    const Alignment learned = learn(options_);
    const Tensors moved = transform_parameters(b_.symmetries, b_.parameters, learned.transform());
    const at::Tensor ids = random_ids(4, 12, 37, 3);
    const auto hidden = [&](const Tensors& parameters) {
      return b_.network->encode(parameters, {ids, {}, {}});
    };
    EXPECT_LT(largest_difference(hidden(b_.parameters), hidden(moved)), 1e-8);
    EXPECT_LT(middle(learned), middle(identity(b_))) << *parts.begin();
  }
}

TEST_F(LearnTest, UsuallyLearnsWhatGains) {
  options_.steps = 2;
  std::set<std::string> kinds;
  for (const auto& [name, element] : learn(options_).transform()) {
    kinds.insert(name.starts_with("shift.") ? "shift" : name.substr(name.rfind('.') + 1));
  }
  EXPECT_THAT(kinds, ::testing::ElementsAre("ffn", "ov", "qk", "shift"));
}

TEST_F(LearnTest, OnlyWhatMayMoveMoves) {
  options_.latents.learn = {"ffn"};
  for (const auto& [name, element] : learn(options_).transform()) {
    EXPECT_THAT(name, ::testing::EndsWith(".ffn"));
  }
  options_.latents.learn = {"pooler"};
  EXPECT_THAT(error_of([&] { learn(options_); }), ::testing::HasSubstr("nothing to learn"));
}

TEST_F(LearnTest, IsTheSameForAnyThreadsAndAfterAStop) {
  const auto axes = [](const Alignment& learned) {
    nlohmann::json json = to_json(learned)["axes"];
    for (auto& axis : json) axis.erase("seconds");
    return json;
  };
  options_.steps = 100;
  const nlohmann::json whole = axes(learn(options_));
  EXPECT_EQ(whole, axes(learn(options_, {}, 3)));
  // A stop in the middle: the log throws after the state of step 50 is on disk.
  options_.save_every = 50;
  const auto state = folder / "state";
  Evidence interrupted = evidence(state);
  interrupted.losses = [&, steps = interrupted.losses](std::int64_t step) {
    if (step == 70) throw Error("stopped");
    return steps(step);
  };
  EXPECT_THROW(learn_alignment(a_, b_, interrupted, options_, {}), Error);
  ASSERT_TRUE(std::filesystem::exists(state));
  EXPECT_EQ(whole, axes(learn(options_, state)));
}

TEST_F(LearnTest, AnAblationIsNoStart) {
  Evidence from = evidence();
  from.start->broken = "heads are ignored";
  EXPECT_THAT(error_of([&] { learn_alignment(a_, b_, from, options_, {}); }),
              ::testing::HasSubstr("needs a symmetry"));
}

}  // namespace
}  // namespace braid
