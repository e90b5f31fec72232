#include "braid/connectivity/barrier.h"

#include <gmock/gmock.h>

#include "braid/connectivity/interpolate.h"
#include "braid/connectivity/verify.h"
#include "braid/error.h"
#include "braid/tasks/masked.h"
#include "tests/checkpoint/temporary_folder.h"
#include "tests/models/small_bert.h"
#include "tests/models/small_gpt2.h"

namespace braid {
namespace {

Examples random_text(std::uint64_t seed) {
  Examples text;
  text.task = &masked_task();
  for (std::uint64_t i = 0; i < 20; ++i) {
    const at::Tensor ids = random_ids(1, 16, 37, seed + i);
    TokenSequence& sequence = text.sequences.emplace_back();
    sequence.ids.assign(ids.const_data_ptr<std::int64_t>(),
                        ids.const_data_ptr<std::int64_t>() + 16);
    sequence.labels.assign(16, -100);
    sequence.labels[3] = sequence.ids[5];
    sequence.labels[9] = sequence.ids[2];
  }
  text.batches = batches_in_order(text.sequences, 4);
  return text;
}

TEST(InterpolateTest, EndsAreTheModelsThemselves) {
  const Tensors a = {{"w", at::tensor({1.0, 2.0}).to(at::kBFloat16)}};
  const Tensors b = {{"w", at::tensor({3.0, 5.0}).to(at::kBFloat16)}};
  EXPECT_TRUE(at::equal(interpolate(a, b, 0).at("w"), a.at("w")));
  EXPECT_TRUE(at::equal(interpolate(a, b, 1).at("w"), b.at("w")));
  const at::Tensor middle = interpolate(a, b, 0.25).at("w");
  EXPECT_EQ(middle.scalar_type(), at::kBFloat16);
  EXPECT_TRUE(at::equal(middle.to(at::kDouble), at::tensor({1.5, 2.75}, at::kDouble)));
}

TEST(CurveTest, BarrierFollowsItsDefinitions) {
  Curve curve;
  curve.t = {0, 0.5, 1};
  curve.loss = {1, 4, 3};
  curve.loss_a = 1;
  curve.loss_b = 3;
  EXPECT_DOUBLE_EQ(curve.barrier(), 2);
  EXPECT_DOUBLE_EQ(curve.barrier_chord(), 2);
  curve.loss = {1, 2.5, 3};
  EXPECT_DOUBLE_EQ(curve.barrier(), 1);  // the end itself is above the mean of the ends
  EXPECT_DOUBLE_EQ(curve.barrier_chord(), 0.5);
  EXPECT_DOUBLE_EQ(curve.end_error(), 0);
}

// The mean negative log-likelihood, token by token.
TEST(EvaluateTest, LossEqualsTheDefinition) {
  const Model model = SmallBert{}.model();
  const Examples text = random_text(3);
  double sum = 0;
  for (const TokenSequence& sequence : text.sequences) {
    const at::Tensor logits = token_logits(model, model.parameters, pad({sequence}));
    for (const std::size_t j : {3, 9}) {
      const at::Tensor p = at::softmax(logits[0][static_cast<std::int64_t>(j)], 0);
      sum -= std::log(p[sequence.labels[j]].item<double>());
    }
  }
  const Score loss = evaluate(*model.network, model.parameters, text, {.threads = 2});
  EXPECT_NEAR(loss.loss, sum / 40, 1e-12);
  EXPECT_EQ(evaluate(*model.network, model.parameters, text, {.threads = 1}).loss, loss.loss);
  EXPECT_NEAR(loss.metrics.at("perplexity"), std::exp(sum / 40), 1e-9);
}

TEST(BarrierTest, OfAModelAndItsOwnScrambledSelfIsZero) {
  const Model a = SmallBert{}.model();
  Random random(31);
  Transform planted;
  for (const auto& [name, axis] : a.symmetries.axes) {
    for (std::int64_t i = 0; i < a.symmetries.blocks(axis); ++i) {
      planted[name].push_back(random_element(Group::permutation, axis.size, random));
    }
  }
  Model b = a;
  b.parameters = transform_parameters(a.symmetries, a.parameters, planted);
  Examples text = random_text(3);
  for (TokenSequence& sequence : text.sequences) {  // what both predict: their loss is low
    const at::Tensor predicted = token_logits(a, a.parameters, pad({sequence})).argmax(-1);
    for (const std::size_t j : {3, 9}) {
      sequence.labels[j] = predicted[0][static_cast<std::int64_t>(j)].item<std::int64_t>();
    }
  }
  const Path scrambled = make_path(a, b, {}, a.symmetries, Decoder::tied, {.dtype = at::kDouble});
  EXPECT_GT(trace(scrambled, text, 5, {.threads = 2}).barrier(), 0.01);
  const Path aligned = make_path(a, b, inverse(a.symmetries, planted), a.symmetries, Decoder::tied,
                                 {.dtype = at::kDouble});
  EXPECT_LT(trace(aligned, text, 5, {.threads = 2}).barrier(), 1e-6);
}

TEST(BarrierTest, BothExactDecodersEndAtBAndTheReleasedOneDoesNot) {
  SmallBert bert;
  const Model a = bert.model();
  bert.seed = 2;
  const Model b = bert.model();
  Random random(37);
  const Transform moved = {{"x", {random_element(Group::permutation, 24, random)}}};
  const Examples text = random_text(5);
  const auto end_error = [&](Decoder decoder) {
    return trace(make_path(a, b, moved, b.symmetries, decoder, {.dtype = at::kDouble}), text, 2,
                 {.threads = 1})
        .end_error();
  };
  EXPECT_LT(end_error(Decoder::tied), 1e-10);
  EXPECT_LT(end_error(Decoder::untied), 1e-10);
  EXPECT_GT(end_error(Decoder::released), 1e-3);
  EXPECT_THROW(make_path(a, b, {}, b.symmetries, Decoder::released, {.dtype = at::kDouble}), Error);
}

// A decoder that reads the stream itself moves with it, and one of its own cannot be untied.
TEST(BarrierTest, RefusesInWordsWhatCannotBeUntied) {
  const auto refusal = [](const Model& model, Decoder decoder) {
    return error_of(
        [&] { make_path(model, model, {}, model.symmetries, decoder, {.dtype = at::kDouble}); });
  };
  for (const Decoder decoder : {Decoder::untied, Decoder::released}) {
    EXPECT_THAT(refusal(SmallGpt2{.tied = true}.model(), decoder),
                ::testing::HasSubstr("a GPT-2 model reads the residual stream directly"));
    for (const Model& model : {SmallGpt2{.tied = false}.model(), SmallBert{.tied = false}.model(),
                               SmallBert{.masked_lm = false}.model()}) {
      EXPECT_THAT(refusal(model, decoder), ::testing::HasSubstr("has no tied decoder"));
    }
  }
}

TEST(VerifyTest, TellsSameFromDifferent) {
  for (const bool masked_lm : {true, false}) {
    SmallBert bert;
    bert.masked_lm = masked_lm;
    bert.pooler = true;
    const Model b = bert.model();
    Random random(41);
    Model moved = b;
    moved.parameters =
        transform_parameters(b.symmetries, b.parameters, random_transform(b.symmetries, random));
    const auto sequences = random_sequences(b, 6, 1);
    EXPECT_LT(verify(b, moved, sequences, {.threads = 2}).relative(), 1e-9);
    at::Tensor& weight = moved.parameters.at("encoder.layer.1.output.dense.weight");
    weight = weight.clone();
    weight[3][4] += 0.5;
    const Difference found = verify(b, moved, sequences, {.threads = 2});
    EXPECT_GT(found.relative(), 1e-6);
    EXPECT_LT(found.sequence, 6);
    EXPECT_EQ(found.tokens, 6 * 16);
  }
}

TEST(VerifyTest, WhatOverflowsIsNoDifference) {
  Model large = SmallBert{}.model();
  at::Tensor& weight = large.parameters.at("encoder.layer.1.output.dense.weight");
  weight = at::full_like(weight, 1e308);
  EXPECT_THAT(
      error_of([&] { verify(large, large, random_sequences(large, 1, 1), {.threads = 1}); }),
      ::testing::HasSubstr("its outputs are NaN or infinite"));
}

TEST(VerifyTest, RefusesOtherShapes) {
  SmallBert bert;
  const Model b = bert.model();
  bert.vocabulary = 38;
  EXPECT_THROW(verify(b, bert.model(), random_sequences(b, 1, 1), {.threads = 1}), Error);
}

}  // namespace
}  // namespace braid
