// Which features count, and whose.
#include "braid/alignment/observe.h"

#include <gmock/gmock.h>

#include "braid/error.h"
#include "tests/checkpoint/temporary_folder.h"
#include "tests/models/small_bert.h"

namespace braid {
namespace {

SequenceSource sequences(std::int64_t count, std::uint64_t seed) {
  auto next = std::make_shared<std::int64_t>(0);
  return [=]() -> std::optional<TokenSequence> {
    if (*next == count) return std::nullopt;
    const std::int64_t length = 4 + *next % 12;  // every length, so that there is padding
    const at::Tensor ids = random_ids(1, length, 37, seed + static_cast<std::uint64_t>((*next)++));
    return TokenSequence{{ids.data_ptr<std::int64_t>(), ids.data_ptr<std::int64_t>() + length}, {}};
  };
}

TEST(ObserveTest, DroppedTokensAreNotCounted) {
  const Model a = SmallBert{}.model();
  ObserveOptions observing;
  observing.taps = {"layer.0.ffn"};
  const std::int64_t all = observe(a, a, sequences(20, 7), observing, {}).at("layer.0.ffn").tokens;
  observing.dropped_ids = {0, 1, 2};
  const std::int64_t kept = observe(a, a, sequences(20, 7), observing, {}).at("layer.0.ffn").tokens;
  std::int64_t dropped = 0;
  const SequenceSource source = sequences(20, 7);
  while (const auto sequence = source()) {
    dropped += std::count_if(sequence->ids.begin(), sequence->ids.end(),
                             [](std::int64_t id) { return id < 3; });
  }
  EXPECT_GT(dropped, 0);
  EXPECT_EQ(kept, all - dropped);
}

TEST(ObserveTest, PoolingCountsSequences) {
  SmallBert bert;
  bert.pooler = true;
  const Model a = bert.model();
  for (const Pool pool : {Pool::cls, Pool::max, Pool::mean}) {
    ObserveOptions observing;
    observing.taps = {"layer.0.ffn", "pooler"};
    observing.pool = pool;
    const MomentsByTap moments = observe(a, a, sequences(21, 7), observing, {});
    EXPECT_EQ(moments.at("layer.0.ffn").tokens, 21);
    EXPECT_EQ(moments.at("pooler").tokens, 21);
  }
}

// Two models observed as one: the moments of their weighted mean features.
TEST(ObserveTest, AnEnsembleIsItsMeanFeatures) {
  const Model a = SmallBert{.seed = 1}.model(), c = SmallBert{.seed = 3}.model();
  const Model b = SmallBert{.seed = 2}.model();
  ObserveOptions observing;
  observing.taps = {"layer.1.ffn"};
  observing.compute.dtype = at::kDouble;
  const auto with = [&](const Ensemble& ensemble) {
    return observe(ensemble, b, sequences(30, 7), observing).at("layer.1.ffn");
  };
  const Moments first = with({{a}, {1}}), second = with({{c}, {1}}),
                both = with({{a, c}, {0.3, 0.7}});
  EXPECT_LT(largest_difference(both.mean_a, 0.3 * first.mean_a + 0.7 * second.mean_a), 1e-12);
  EXPECT_LT(largest_difference(both.cross, 0.3 * first.cross + 0.7 * second.cross), 1e-9);
  EXPECT_LT(largest_difference(both.square_b, first.square_b), 1e-9);
}

// Moments of several sizes are those of each size alone, to the bit: a run that is killed between
// two of them, and one that asks for other sizes, find the same.
TEST(ObserveTest, ASizeDoesNotKnowOfTheOthers) {
  const Model a = SmallBert{.seed = 1}.model(), b = SmallBert{.seed = 2}.model();
  ObserveOptions observing;
  observing.taps = {"layer.0.ffn", "layer.1.attention"};
  observing.chunk_tokens = 64;  // 1024 tokens are read together: about 107 sequences
  observing.sizes = {1, 30, 107, 150, 216, 260, 300};
  std::vector<std::int64_t> met;
  const auto equal = [](const MomentsByTap& x, const MomentsByTap& y) {
    return std::ranges::all_of(x, [&](const auto& one) {
      const Moments &p = one.second, &q = y.at(one.first);
      return p.tokens == q.tokens && p.mean_a.equal(q.mean_a) && p.mean_b.equal(q.mean_b) &&
             p.square_a.equal(q.square_a) && p.square_b.equal(q.square_b) && p.cross.equal(q.cross);
    });
  };
  const MomentsByTap whole = observe(
      a, b, sequences(300, 7), observing, {}, [&](std::int64_t size, const MomentsByTap& moments) {
        met.push_back(size);
        ObserveOptions alone = observing;
        alone.sizes.clear();
        EXPECT_TRUE(equal(moments, observe(a, b, sequences(size, 7), alone))) << size;
      });
  EXPECT_EQ(met, observing.sizes);
  observing.sizes.clear();
  EXPECT_TRUE(equal(whole, observe(a, b, sequences(300, 7), observing)));
}

// A line of U+200B alone is [CLS] [SEP], or nothing at all where a tokenizer has no marks.
TEST(ObserveTest, ASequenceWithoutACountedTokenShowsNothing) {
  const Model a = SmallBert{.seed = 1}.model(), b = SmallBert{.seed = 2}.model();
  const auto seen = [&](bool with_empty, Pool pool) {
    ObserveOptions observing;
    observing.taps = {"layer.0.ffn"};
    observing.dropped_ids = {35, 36};
    observing.pool = pool;
    std::vector<TokenSequence> all = {{{35, 4, 5, 36}, {}}, {{35, 6, 7, 8, 36}, {}}};
    const std::vector<TokenSequence> empty = {{{35, 36}, {}}, {}};
    if (with_empty) all.insert(all.begin() + 1, empty.begin(), empty.end());
    std::size_t next = 0;
    return observe(
               a, b, [&] { return next < all.size() ? std::optional(all[next++]) : std::nullopt; },
               observing)
        .at("layer.0.ffn");
  };
  for (const Pool pool : {Pool::none, Pool::cls, Pool::max, Pool::mean}) {
    const Moments with = seen(true, pool), without = seen(false, pool);
    EXPECT_EQ(with.tokens, without.tokens);
    EXPECT_TRUE(with.cross.equal(without.cross));
    EXPECT_TRUE(with.square_a.equal(without.square_a));
  }
}

// Features that overflow, and some whose squares do.
TEST(ObserveTest, FeaturesThatAreNotFiniteAreRefusedByTapAndModel) {
  const Model a = SmallBert{.seed = 1}.model();
  ObserveOptions observing;
  observing.taps = {"layer.0.ffn", "layer.1.ffn"};
  for (const double factor : {1e30, 1e39}) {
    Model broken = SmallBert{.seed = 2}.model();
    broken.folder = "the-broken-one";
    broken.parameters.at("encoder.layer.1.intermediate.dense.weight").mul_(factor);
    for (const bool first : {true, false}) {
      EXPECT_THAT(error_of([&] {
                    observe(first ? broken : a, first ? a : broken, sequences(20, 7), observing);
                  }),
                  ::testing::AllOf(::testing::HasSubstr("the-broken-one"),
                                   ::testing::HasSubstr("layer.1.ffn")));
    }
  }
}

TEST(ObserveTest, SaysThatTheTextIsEmpty) {
  const Model a = SmallBert{}.model();
  ObserveOptions observing;
  observing.taps = {"layer.0.ffn"};
  EXPECT_THAT(error_of([&] { observe(a, a, sequences(0, 1), observing, {}); }),
              ::testing::HasSubstr("no tokens"));
}

}  // namespace
}  // namespace braid
