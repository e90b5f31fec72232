// For every family, as it is and in canonical form: a planted element of all that a method may move
// is found again, tensor by tensor.
#include <gmock/gmock.h>

#include "braid/models/canonical.h"
#include "tests/methods/method_case.h"

namespace braid {
namespace {

struct PlantedCase {
  const Family* family;
  bool canonical;
  MethodCase with;
};

std::vector<PlantedCase> planted_cases() {
  std::vector<PlantedCase> all;
  for (const Family* family : families()) {
    for (const bool canonical : {false, true}) {
      if (canonical && !family->folds) continue;
      for (const MethodCase& with : method_cases()) all.push_back({family, canonical, with});
    }
  }
  return all;
}

std::string name_of(const ::testing::TestParamInfo<PlantedCase>& info) {
  std::string name =
      info.param.family->title + (info.param.canonical ? "Canonical" : "") + info.param.with.name();
  std::erase_if(name, [](char c) { return c == '-' || c == ' '; });
  return name;
}

class PlantedInFamilyTest : public ::testing::TestWithParam<PlantedCase> {};

TEST_P(PlantedInFamilyTest, IsFoundAgain) {
  const auto& [family, canonical, with] = GetParam();
  nlohmann::json config = family->sample;
  config["architectures"] = {family->classes.front().name};
  Model a = random_model(config, 1);
  if (canonical) a = canonical_form(a);
  const MatchOptions options = with.options(a);
  Random random(31);
  Transform planted;
  for (const auto& [name, axis] : a.symmetries.axes) {
    const std::optional<Group> group = usable_group(axis, options);
    for (std::int64_t block = 0; group && block < a.symmetries.blocks(axis); ++block) {
      planted[name].push_back(random_element(*group, axis.size, random));
      // Moduli of rotary pairs are balanced between general maps alone.
      auto* turn = std::get_if<RotaryScaling>(&planted[name].back());
      if (!turn || with.in_head == InHead::general) continue;
      const at::Tensor modulus = (turn->real.square() + turn->imaginary.square()).sqrt();
      turn->real = turn->real / modulus, turn->imaginary = turn->imaginary / modulus;
    }
  }
  Model b = a;
  b.parameters = transform_parameters(a.symmetries, a.parameters, planted);
  const Alignment found = with.solve(a, b);
  const Tensors back = transform_parameters(b.symmetries, b.parameters, found.transform());
  EXPECT_LT(largest_relative(a.parameters, back), 1e-4);
}

// The paper's setting, in which queries and keys go as values do: whatever is found, is exact.
TEST(PaperInFamilyTest, IsExact) {
  for (const Family* family : families()) {
    nlohmann::json config = family->sample;
    config["architectures"] = {family->classes.front().name};
    const Model a = random_model(config, 1), b = random_model(config, 2);
    const MethodCase with = {"activations", InHead::permutation, QueryKey::shared};
    const Alignment found = with.solve(a, b);
    const Tensors moved = transform_parameters(b.symmetries, b.parameters, found.transform());
    const Batch batch = random_batch(*b.network, 3, 11, 9);
    const auto before = all_outputs(*b.network, b.parameters, batch, Frame::free),
               after = all_outputs(*b.network, moved, batch, Frame::free);
    for (std::size_t k = 0; k < before.size(); ++k) {
      const double largest = before[k].values.abs().max().item<double>();
      EXPECT_LT(largest_difference(before[k].values, after[k].values) / largest, 1e-9)
          << family->title;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, PlantedInFamilyTest, ::testing::ValuesIn(planted_cases()), name_of);

}  // namespace
}  // namespace braid
