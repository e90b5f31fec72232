// Planted alignments: B is a random group element applied to A, and must be found again.
#include <gmock/gmock.h>

#include "braid/alignment/observe.h"
#include "braid/error.h"
#include "braid/methods/activations.h"
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

// Permutations only: heads, units inside them (queries and keys on their own), and the rest.
Transform random_permutations(const Symmetries& symmetries, Random& random) {
  Transform transform;
  for (const auto& [name, axis] : symmetries.axes) {
    for (std::int64_t block = 0; block < symmetries.blocks(axis); ++block) {
      transform[name].push_back(random_element(Group::permutation, axis.size, random));
    }
  }
  return transform;
}

Alignment align(const Model& a, const Model& b, const MatchOptions& options, int threads = 1,
                ObserveOptions observing = {}) {
  observing.taps = taps_to_observe(a.symmetries, options);
  observing.compute.threads = threads;
  return match({a.symmetries, options, {}}, observe(a, b, sequences(120, 7), observing, {}),
               {.threads = threads});
}

MatchOptions everything() {
  MatchOptions options;
  options.components = {"ffn", "attention", "residual"};
  options.query_key = QueryKey::separate;
  return options;
}

class PlantedTest : public ::testing::TestWithParam<ResidualTaps> {};

TEST_P(PlantedTest, IsFoundAgain) {
  SmallBert bert;
  bert.pooler = true;
  const Model a = bert.model();
  Random random(23);
  for (int draw = 0; draw < 3; ++draw) {
    Model b = a;
    const Transform planted = random_permutations(a.symmetries, random);
    b.parameters = transform_parameters(a.symmetries, a.parameters, planted);
    MatchOptions options = everything();
    options.components.insert("pooler");
    options.residual = GetParam();
    const Alignment alignment = align(a, b, options);
    const Tensors back = transform_parameters(b.symmetries, b.parameters, alignment.transform());
    for (const auto& [name, tensor] : a.parameters) {
      EXPECT_TRUE(at::equal(back.at(name), tensor)) << name;
    }
    for (const auto& [name, match] : alignment.axes) EXPECT_NEAR(match.mean(), 1, 1e-5) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Residual, PlantedTest,
                         ::testing::Values(ResidualTaps::first, ResidualTaps::last,
                                           ResidualTaps::all));

TEST(PlantedUntiedTest, FindsTheHeadAsWell) {
  SmallBert bert;
  bert.tied = false;
  const Model a = bert.model();
  Random random(29);
  Model b = a;
  b.parameters =
      transform_parameters(a.symmetries, a.parameters, random_permutations(a.symmetries, random));
  MatchOptions options = everything();
  options.components.insert("head");
  const Tensors back =
      transform_parameters(b.symmetries, b.parameters, align(a, b, options).transform());
  for (const auto& [name, tensor] : a.parameters)
    EXPECT_TRUE(at::equal(back.at(name), tensor)) << name;
}

TEST(AlignTest, TheHeadOfATiedDecoderIsMeasuredOnly) {
  const Model a = SmallBert{}.model();
  MatchOptions options;
  options.components = {"head"};
  const Alignment alignment = align(a, a, options);
  EXPECT_FALSE(alignment.axes.at("head").applied);
  EXPECT_TRUE(alignment.transform().empty());
}

TEST(AlignTest, AnyAlignmentOfAnyModelsIsExact) {
  SmallBert bert;
  const Model a = bert.model();
  bert.seed = 2;
  const Model b = bert.model();
  for (const Heads heads : {Heads::permute, Heads::monotonic}) {
    for (const bool absolute : {false, true}) {
      MatchOptions options = everything();
      options.heads = heads;
      options.absolute = absolute;
      const Alignment alignment = align(a, b, options);
      const Tensors moved = transform_parameters(b.symmetries, b.parameters, alignment.transform());
      const at::Tensor ids = random_ids(4, 16, 37, 3);
      const auto logits = [&](const Tensors& parameters) {
        return token_logits(b, parameters, {ids, {}, {}});
      };
      EXPECT_LT(largest_difference(logits(b.parameters), logits(moved)), 1e-9);
    }
  }
}

TEST(AlignTest, ThreadsAndChunksDoNotChangeTheResult) {
  SmallBert bert;
  const Model a = bert.model();
  bert.seed = 2;
  const Model b = bert.model();
  const auto json = [](const Alignment& alignment) {
    nlohmann::json axes = to_json(alignment)["axes"];
    for (auto& axis : axes) axis.erase("seconds");
    return axes.dump();
  };
  const std::string one = json(align(a, b, everything(), 1));
  EXPECT_EQ(json(align(a, b, everything(), 3)), one);
  ObserveOptions small;
  small.chunk_tokens = 50;
  small.batch_sequences = 2;
  const Alignment other = align(a, b, everything(), 2, small);
  const Alignment first = align(a, b, everything(), 1);
  for (const auto& [name, match] : first.axes) {
    EXPECT_NEAR(other.axes.at(name).objective, match.objective, 1e-5 * std::abs(match.objective));
  }
}

// Head-Perm against every possible choice of heads and units.
TEST(AlignTest, HeadMatchingIsOptimal) {
  SmallBert bert;
  bert.hidden = 9;  // 3 heads of 3 units: 3! x (3!)^3 choices
  bert.layers = 1;
  const Model a = bert.model();
  bert.seed = 5;
  const Model b = bert.model();
  MatchOptions options;
  options.components = {"attention"};
  ObserveOptions observing;
  observing.taps = taps_to_observe(a.symmetries, options);
  const MomentsByTap moments = observe(a, b, sequences(60, 7), observing, {});
  const at::Tensor rho = correlation(moments.at("layer.0.attention"));
  const double* values = rho.data_ptr<double>();
  std::vector<std::int64_t> heads = {0, 1, 2};
  double best = -100;
  do {
    double total = 0;
    for (std::int64_t j = 0; j < 3; ++j) {
      std::vector<std::int64_t> units = {0, 1, 2};
      double inner = -100;
      do {
        double sum = 0;
        for (std::int64_t u = 0; u < 3; ++u) {
          sum += values[(3 * j + u) * 9 + 3 * heads[static_cast<std::size_t>(j)] +
                        units[static_cast<std::size_t>(u)]];
        }
        inner = std::max(inner, sum);
      } while (std::next_permutation(units.begin(), units.end()));
      total += inner;
    }
    best = std::max(best, total);
  } while (std::next_permutation(heads.begin(), heads.end()));
  const Alignment alignment = match({a.symmetries, options, {}}, moments, {});
  EXPECT_NEAR(alignment.axes.at("layer.0.head").objective, best, 1e-9);
}

TEST(AlignTest, SaysWhatIsMissing) {
  const Model a = SmallBert{}.model();
  MatchOptions options;
  options.components = {"pooler"};
  EXPECT_THAT(error_of([&] { taps_to_observe(a.symmetries, options); }),
              ::testing::HasSubstr("no component 'pooler'"));
  EXPECT_THAT(error_of([&] {
                match({a.symmetries, {}, {}}, {}, {});
              }),
              ::testing::HasSubstr("lack tap"));
}

}  // namespace
}  // namespace braid
