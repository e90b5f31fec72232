#include "braid/merging/joint_alignment.h"

#include <gmock/gmock.h>

#include "braid/connectivity/interpolate.h"
#include "braid/methods/method.h"
#include "tests/models/small_bert.h"
#include "tests/models/small_gpt2.h"

namespace braid {
namespace {

Alignment by_weights(const Ensemble& others, const Model& model) {
  MatchOptions match;
  for (const auto& [name, axis] : model.symmetries.axes) match.components.insert(axis.component);
  match.in_head = InHead::orthogonal;
  return align(find_method("weights"), mean_model(others), model, {}, {match, {.starts = 1}, {}},
               {});
}

at::Tensor logits(const Model& model, const Tensors& parameters) {
  return token_logits(model, parameters, {random_ids(3, 11, 37, 9), {}, {}});
}

// `model`, moved by elements of its groups that keep lengths, as unrelated training might have.
std::vector<Model> scrambled(const Model& model, int count) {
  std::vector<Model> models;
  Random random(3);
  for (int k = 0; k < count; ++k) {
    Transform transform;
    for (const auto& [name, axis] : model.symmetries.axes) {
      const Group group = axis.group == Group::general ? Group::orthogonal : axis.group;
      for (std::int64_t block = 0; block < model.symmetries.blocks(axis); ++block) {
        transform[name].push_back(random_element(group, axis.size, random));
      }
    }
    models.push_back(model);
    models.back().parameters = transform_parameters(model.symmetries, model.parameters, transform);
  }
  return models;
}

TEST(AverageTest, IsWeighted) {
  const Tensors a = SmallBert{.seed = 1}.model().parameters,
                b = SmallBert{.seed = 2}.model().parameters;
  const Tensors mean = average({a, b}, {0.25, 0.75});
  for (const auto& [name, tensor] : mean) {
    EXPECT_LT(largest_difference(tensor, 0.25 * a.at(name) + 0.75 * b.at(name)), 1e-15) << name;
  }
}

TEST(JointAlignmentTest, CopiesOfOneModelAverageToIt) {
  for (const Model& model : {SmallBert{}.model(), SmallGpt2{.unit_gains = true}.model()}) {
    const std::vector<Model> models = scrambled(model, 4);
    const JointAlignment joint = align_jointly(models, {1, 2, 3, 4}, by_weights, 3);
    std::vector<Tensors> placed;
    for (std::size_t k = 0; k < models.size(); ++k) {
      placed.push_back(transform_parameters(models[k].symmetries, models[k].parameters,
                                            joint.alignments[k].transform()));
      EXPECT_LT(largest_difference(logits(models[k], placed[k]), logits(model, model.parameters)),
                1e-9);
    }
    const Tensors mean = average(placed, {0.1, 0.2, 0.3, 0.4});
    EXPECT_LT(largest_difference(logits(model, mean), logits(model, model.parameters)), 1e-6)
        << model.symmetries.family;
  }
}

// Unrelated models: sweeps agree more and more, and what is kept is the best.
TEST(JointAlignmentTest, SweepsDoNotLoseAgreement) {
  std::vector<Model> models;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) models.push_back(SmallBert{.seed = seed}.model());
  const JointAlignment joint = align_jointly(models, {1, 1, 1}, by_weights, 6);
  ASSERT_GE(joint.objectives.size(), 2);
  for (std::size_t i = 1; i + 1 < joint.objectives.size(); ++i) {
    EXPECT_GT(joint.objectives[i], joint.objectives[i - 1]);
  }
  for (std::size_t k = 0; k < models.size(); ++k) {
    const Tensors placed = transform_parameters(models[k].symmetries, models[k].parameters,
                                                joint.alignments[k].transform());
    EXPECT_LT(
        largest_difference(logits(models[k], placed), logits(models[k], models[k].parameters)),
        1e-9);
  }
}

}  // namespace
}  // namespace braid
