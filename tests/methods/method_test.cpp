// The list of methods, what is checked for all of them, and what seeds and starts do.
#include "braid/methods/method.h"

#include <gmock/gmock.h>

#include "braid/error.h"
#include "tests/checkpoint/temporary_folder.h"
#include "tests/models/small_bert.h"

namespace braid {
namespace {

using ::testing::HasSubstr;

// A method is a file like this part ...
namespace reversal {

Alignment find(const Model& a, const Model&, const Evidence&, const MethodOptions&, const Compute&,
               const Progress&) {
  Alignment alignment;
  for (const auto& [name, axis] : a.symmetries.axes) {
    for (std::int64_t block = 0; block < a.symmetries.blocks(axis); ++block) {
      Permutation reversed;
      for (std::int64_t i = axis.size; i-- > 0;) reversed.indices.push_back(i);
      alignment.axes[name].element.emplace_back(std::move(reversed));
    }
  }
  return alignment;
}

}  // namespace reversal

const Method& reversal_method() {
  static const Method method{
      "reversal", "none", "units in reverse, for a test", {}, reversal::find};
  return method;
}

// ... and a line.
std::vector<const Method*> with_toy() {
  std::vector<const Method*> all = {&reversal_method()};
  for (const Method* method : methods()) all.push_back(method);
  return all;
}

class MethodListTest : public TemporaryFolder {};

TEST_F(MethodListTest, AToyMethodIsAFileAndALine) {
  const Model a = SmallBert{.seed = 1}.model(), b = SmallBert{.seed = 2}.model();
  const Method& method = find_method("reversal", with_toy());
  const Alignment alignment = align(method, a, b, {}, {}, {});
  EXPECT_EQ(alignment.family, "BERT");
  EXPECT_TRUE(alignment.flat.contains("layer.0.attention"));
  save_alignment(folder / "ab", alignment);
  const Tensors moved =
      transform_parameters(b.symmetries, b.parameters, load_alignment(folder / "ab").transform());
  const at::Tensor ids = random_ids(4, 16, 37, 3);
  const auto logits = [&](const Tensors& parameters) {
    return token_logits(b, parameters, {ids, {}, {}});
  };
  double change = 0;
  for (const auto& [name, tensor] : moved) {
    change = std::max(change, largest_difference(tensor, b.parameters.at(name)));
  }
  EXPECT_GT(change, 0.1);
  EXPECT_LT(largest_difference(logits(b.parameters), logits(moved)), 1e-9);
}

TEST_F(MethodListTest, NamesTheChoices) {
  std::vector<std::string> names;
  for (const Method* method : methods()) {
    names.push_back(method->name);
    EXPECT_EQ(&find_method(method->name), method);
    EXPECT_GT(std::string(method->summary).size(), 10u);
  }
  EXPECT_THAT(names, ::testing::ElementsAre("activations", "weights", "both", "learned"));
  EXPECT_THAT(error_of([] { find_method("guess"); }),
              HasSubstr("'guess' is not one of activations, weights, both, learned"));
}

TEST_F(MethodListTest, IsToldWhatItNeeds) {
  const Model a = SmallBert{}.model();
  const auto needs = [&](const char* name) { return find_method(name).needs; };
  EXPECT_TRUE(needs("activations").moments);
  EXPECT_TRUE(needs("both").moments);
  EXPECT_FALSE(needs("weights").moments || needs("weights").start || needs("weights").losses);
  EXPECT_TRUE(needs("learned").start && needs("learned").losses && !needs("learned").moments);
  const auto says = [&](const char* name, const Evidence& evidence = {}) {
    return error_of([&] { align(find_method(name), a, a, evidence, {}, {}); });
  };
  EXPECT_THAT(says("activations"), HasSubstr("lack tap layer.0.attention"));
  EXPECT_THAT(says("learned"), HasSubstr("needs an alignment to start from"));
  Evidence start;
  start.start.emplace();
  EXPECT_THAT(says("learned", start), HasSubstr("needs a text to compute losses on"));
}

TEST_F(MethodListTest, ModelsAreCheckedForAllMethods) {
  const Model a = SmallBert{}.model();
  Model b = SmallBert{.intermediate = 44}.model(), c = a;
  c.symmetries.axes.at("layer.0.qk").group = Group::orthogonal;
  for (const Method* method : with_toy()) {
    EXPECT_THAT(error_of([&] { align(*method, a, b, {}, {}, {}); }), HasSubstr("intermediate"));
    EXPECT_THAT(error_of([&] { align(*method, a, c, {}, {}, {}); }),
                HasSubstr("axis layer.0.qk has group general linear"));
  }
}

TEST_F(MethodListTest, StartsAndTheirSeedMatter) {
  const Model a = SmallBert{.seed = 1}.model(), b = SmallBert{.seed = 2}.model();
  const auto found = [&](std::int64_t starts, std::uint64_t seed, int threads) {
    MethodOptions options;
    options.match.components = {"ffn", "attention", "residual"};
    options.weights.starts = starts;
    options.weights.seed = seed;
    nlohmann::json axes =
        to_json(align(find_method("weights"), a, b, {}, options, {.threads = threads}))["axes"];
    for (auto& axis : axes) axis.erase("seconds");
    return axes.dump();
  };
  std::set<std::string> with_one, with_two;
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    with_one.insert(found(1, seed, 1));
    with_two.insert(found(2, seed, 1));
    EXPECT_EQ(found(2, seed, 1), found(2, seed, 3)) << seed;
  }
  EXPECT_EQ(with_one.size(), 1u);  // the first order is not drawn
  EXPECT_GT(with_two.size(), 1u);
  EXPECT_THAT(error_of([&] { found(0, 0, 1); }), HasSubstr("expected at least 1"));
}

}  // namespace
}  // namespace braid
