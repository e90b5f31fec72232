#include "braid/merging/repair.h"

#include <gmock/gmock.h>

#include "braid/connectivity/interpolate.h"
#include "tests/models/small_bert.h"
#include "tests/models/small_gpt2.h"

namespace braid {
namespace {

constexpr std::int64_t vocabulary = 37;

MomentsByTap observe_random(const Model& a, const Model& b, const std::vector<std::string>& taps) {
  ObserveOptions options;
  options.taps = taps;
  options.compute.dtype = at::kDouble;
  std::int64_t next = 0;
  const SequenceSource source = [&]() -> std::optional<TokenSequence> {
    if (next == 60) return std::nullopt;
    TokenSequence sequence;
    const at::Tensor ids = random_ids(1, 12, vocabulary, static_cast<std::uint64_t>(100 + next++));
    const std::int64_t* first = ids.data_ptr<std::int64_t>();
    sequence.ids.assign(first, first + ids.numel());
    return sequence;
  };
  return observe(a, b, source, options);
}

at::Tensor logits(const Model& model, const Tensors& parameters) {
  const at::Tensor ids = random_ids(5, 12, vocabulary, 7);
  return token_logits(model, parameters, {ids, {}, {}});
}

// The parent with what writes the units of its FFNs and values scaled unit by unit, so that only
// the scale of the units is wrong. ReLU keeps a positive scale.
Model distorted(const Model& parent) {
  Model model = parent;
  Random random(5);
  for (auto& [name, tensor] : model.parameters) {
    const bool weight =
        name.ends_with("intermediate.dense.weight") || name.ends_with("self.value.weight");
    if (!weight) continue;
    const at::Tensor scale = at::empty({tensor.size(0), 1}, at::kDouble);
    for (std::int64_t i = 0; i < scale.numel(); ++i) {
      scale.data_ptr<double>()[i] = 0.2 + 3 * random.uniform();
    }
    tensor = tensor * scale;
    at::Tensor& bias = model.parameters.at(name.substr(0, name.size() - 6) + "bias");
    bias = bias * scale.squeeze(1);
  }
  return model;
}

class RepairTest : public ::testing::TestWithParam<Repair> {};

TEST_P(RepairTest, UndoesAPlantedChangeOfScale) {
  const Model parent = SmallBert{.activation = "relu"}.model();
  const Model merged = distorted(parent);
  const at::Tensor truth = logits(parent, parent.parameters);
  EXPECT_GT(largest_difference(logits(merged, merged.parameters), truth), 0.1);
  const Tensors repaired = repair(merged, {{parent}, {1.0}}, {GetParam(), 0}, observe_random);
  EXPECT_LT(largest_difference(logits(merged, repaired), truth), 1e-6);
}

TEST_P(RepairTest, LeavesAModelWhoseParentsItIs) {
  const Model model = SmallGpt2{}.model();
  const Tensors repaired =
      repair(model, {{model, model}, {0.3, 0.7}}, {GetParam(), 0.01}, observe_random);
  EXPECT_LT(largest_difference(logits(model, repaired), logits(model, model.parameters)), 1e-9);
}

INSTANTIATE_TEST_SUITE_P(Kinds, RepairTest,
                         ::testing::Values(Repair::rescale, Repair::least_squares),
                         [](const auto& info) {
                           return info.param == Repair::rescale ? "rescale" : "least_squares";
                         });

// What every FFN adds is nearer to what the parents' add, on their mean, than before.
TEST(LeastSquaresTest, BringsBranchesToTheParentsMean) {
  const Model a = SmallBert{.seed = 1}.model(), b = SmallBert{.seed = 2}.model();
  Model merged = a;
  merged.parameters = average({a.parameters, b.parameters}, {0.5, 0.5});
  Model repaired = merged;
  repaired.parameters =
      repair(merged, {{a, b}, {0.5, 0.5}}, {Repair::least_squares, 0}, observe_random);
  const auto mean_branch = [&](const Model& model) {
    const Tap tap = model.symmetries.tap("layer.0.ffn");
    at::Tensor units;
    model.network->encode(
        model.parameters, {random_ids(40, 12, vocabulary, 9), {}, {}},
        {{tap.name}, [&](const std::string&, const at::Tensor& x) { units = x; }});
    return at::linear(units, model.parameters.at("encoder.layer.0.output.dense.weight"),
                      model.parameters.at("encoder.layer.0.output.dense.bias"));
  };
  const at::Tensor goal = (mean_branch(a) + mean_branch(b)) / 2;
  const auto error = [&](const Model& model) {
    return (mean_branch(model) - goal).square().mean().item<double>();
  };
  EXPECT_LT(error(repaired), 0.8 * error(merged));
}

}  // namespace
}  // namespace braid
