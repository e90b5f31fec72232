// Shifts leave the function; a shift without its counterpart does not; they compose with the
// groups.
#include "braid/symmetry/shift.h"

#include <gmock/gmock.h>

#include "braid/error.h"
#include "braid/symmetry/transform.h"
#include "tests/checkpoint/temporary_folder.h"
#include "tests/models/small_bert.h"

namespace braid {
namespace {

class ShiftTest : public ::testing::Test {
 protected:
  ShiftTest() {
    SmallBert bert;
    bert.pooler = bert.classifier = true;
    model_ = bert.model();
  }

  at::Tensor outputs(const Tensors& parameters) const {
    const Outputs found =
        model_.network->run(parameters, {random_ids(3, 11, 37, 9), {}, {}},
                            {.heads = {Predicts::token}, .positions = {}, .pooled = true});
    return at::cat({found.heads.at(Predicts::token).flatten(), found.pooled.flatten()});
  }

  Transform random_shift(const std::string& name, Random& random) const {
    return {{name, random_transform(model_.symmetries, random).at(name)}};
  }

  Model model_;
};

TEST_F(ShiftTest, EachLeavesTheOutputsAndMovesTheWeights) {
  Random random(21);
  EXPECT_EQ(model_.symmetries.shifts.size(), 2u * 5 + 2);
  const at::Tensor before = outputs(model_.parameters);
  for (const auto& [name, of] : model_.symmetries.shifts) {
    const Tensors moved =
        transform_parameters(model_.symmetries, model_.parameters, random_shift(name, random));
    EXPECT_LT(largest_difference(outputs(moved), before), 1e-10) << name;
    EXPECT_GT(
        largest_difference(moved.at(of.map + ".bias"), model_.parameters.at(of.map + ".bias")),
        1e-2)
        << name;
    // Half of it is no symmetry. (A key bias alone is: it is worth the same to all keys.)
    Tensors half = moved;
    const std::string other =
        of.kind == Shift::Kind::averaged ? of.other + ".bias" : of.map + ".weight";
    half[other] = model_.parameters.at(other);
    const bool told = !name.ends_with("key");
    EXPECT_EQ(largest_difference(outputs(half), before) > 1e-3, told) << name;
  }
}

// The reason that they matter: halfway to another model, the outputs are not what they were.
TEST_F(ShiftTest, EachMovesTheAverageWithAnotherModel) {
  Random random(22);
  SmallBert bert;
  bert.seed = 2;
  bert.pooler = bert.classifier = true;
  const Tensors other = bert.model().parameters;
  const auto average = [&](const Tensors& parameters) {
    Tensors mean;
    for (const auto& [name, tensor] : parameters) mean[name] = (tensor + other.at(name)) / 2;
    return outputs(mean);
  };
  const at::Tensor before = average(model_.parameters);
  for (const auto& [name, of] : model_.symmetries.shifts) {
    const Tensors moved =
        transform_parameters(model_.symmetries, model_.parameters, random_shift(name, random));
    EXPECT_GT(largest_difference(average(moved), before), 1e-2) << name;
  }
}

TEST_F(ShiftTest, InvertAndComposeWithTheGroups) {
  Random random(23);
  const Symmetries& table = model_.symmetries;
  for (int draw = 0; draw < 5; ++draw) {
    const Transform g = random_transform(table, random), h = random_transform(table, random);
    const Tensors moved = transform_parameters(table, model_.parameters, h);
    const Tensors back = transform_parameters(table, moved, inverse(table, h));
    const Tensors twice = transform_parameters(table, moved, g);
    const Tensors once = transform_parameters(table, model_.parameters, compose(table, g, h));
    for (const auto& [name, tensor] : model_.parameters) {
      EXPECT_LT(largest_difference(back.at(name), tensor), 1e-9) << name;
      EXPECT_LT(largest_difference(twice.at(name), once.at(name)), 1e-8) << name;
    }
  }
}

TEST_F(ShiftTest, NamesWhatDoesNotFit) {
  Random random(24);
  const Transform shift = random_shift("shift.layer.1.ffn", random);
  Tensors dead = model_.parameters;
  const std::string gain = "encoder.layer.1.attention.output.LayerNorm.weight";
  dead[gain] = dead.at(gain).clone();
  dead[gain][3] = 0;
  EXPECT_THAT(error_of([&] { transform_parameters(model_.symmetries, dead, shift); }),
              ::testing::HasSubstr(gain + " has a gain of 0"));
  EXPECT_THROW(check_transform(model_.symmetries, {{"shift.layer.1.ffn", shift.begin()->second},
                                                   {"shift.layer.9.ffn", shift.begin()->second}}),
               Error);
  EXPECT_THROW(check_transform(model_.symmetries, {{"shift.head", shift.begin()->second}}), Error);
  EXPECT_THROW(check_transform(model_.symmetries, {{"x", shift.begin()->second}}), Error);
}

}  // namespace
}  // namespace braid
