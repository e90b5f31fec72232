// A family that braid has never seen is described, proved, aligned, learnt, merged and repaired by
// what is there for all.
#include <gmock/gmock.h>

#include "braid/connectivity/interpolate.h"
#include "braid/connectivity/proved_models.h"
#include "braid/merging/repair.h"
#include "braid/pipeline/transform.h"
#include "braid/tasks/causal.h"
#include "braid/training/token_steps.h"
#include "tests/families/toy_family.h"
#include "tests/methods/method_case.h"

namespace braid {
namespace {

Model toy(std::uint64_t seed) {
  Tensors parameters;
  Random random(seed);
  const Symmetries table = toy_family.describe(toy_family.sample, {{"LM"}});
  for (const auto& [name, pattern] : table.tensors) {
    const bool gain = name.find("norm") != std::string::npos;
    at::Tensor tensor = at::empty(table.shape(pattern), at::kDouble);
    for (std::int64_t i = 0; i < tensor.numel(); ++i) {
      tensor.data_ptr<double>()[i] = gain + 0.3 * random.normal();
    }
    parameters[name] = tensor;
  }
  return make_model(toy_family, toy_family.sample, parameters, "toy");
}

Model moved(const Model& model, const Transform& element) {
  return with_parameters(model, transform_parameters(model.symmetries, model.parameters, element));
}

Transform random_transform(const Symmetries& symmetries, std::uint64_t seed) {
  Random random(seed);
  Transform element;
  for (const auto& [name, axis] : symmetries.axes) {
    for (std::int64_t block = 0; block < symmetries.blocks(axis); ++block) {
      element[name].push_back(random_element(axis.group, axis.size, random));
    }
  }
  return element;
}

TEST(ToyFamilyTest, KeepsItsFunctionUnderItsWholeGroupAndInCanonicalForm) {
  const Model a = toy(1);
  for (const Model& form : {a, canonicalise(a).model}) {
    const Model b = moved(form, random_transform(form.symmetries, 3));
    EXPECT_LT(verify(form, b, random_sequences(form, 3, 5), {.dtype = at::kDouble}).relative(),
              1e-9);
    EXPECT_GT(largest_relative(form.parameters, b.parameters), 0.1);
  }
  EXPECT_EQ(a.symmetries.axis("x").group, Group::signed_permutation);
  EXPECT_EQ(canonicalise(a).model.symmetries.axis("x").group, Group::orthogonal);
}

TEST(ToyFamilyTest, IsAlignedAndMerged) {
  const Model a = toy(1), b = moved(a, random_transform(a.symmetries, 3));
  const auto away = [&](const Tensors& parameters) {
    const Model merged = with_parameters(a, average({a.parameters, parameters}, {0.5, 0.5}));
    return verify(a, merged, random_sequences(a, 3, 5), {.dtype = at::kDouble}).relative();
  };
  EXPECT_GT(away(b.parameters), 0.1);
  for (const char* method : {"activations", "weights", "both"}) {
    const Alignment found = MethodCase{method, InHead::general}.solve(a, b);
    EXPECT_LT(prove(b, found, random_sequences(b, 3, 5), {}).relative(), 1e-9) << method;
    EXPECT_LT(away(make(transform(b, found))), 1e-4) << method;
  }
}

TEST(ToyFamilyTest, IsLearnt) {
  const Model a = toy(1), b = toy(2);
  std::vector<TokenSequence> text;
  for (std::uint64_t i = 0; i < 16; ++i) {
    text.push_back(random_sequence(*a.network, 12, i));
    text.back().labels = text.back().ids;
  }
  Evidence evidence;
  evidence.start = MethodCase{"weights", InHead::general}.solve(a, b);
  evidence.losses = token_steps(*a.network, causal_task(), text, {16, 3, {}});
  evidence.identity = {{"run", 1}};
  LearnOptions options;
  options.steps = 40;
  options.latents.learning_rate = 0.02;
  options.save_every = 0;
  const Alignment learnt = learn_alignment(a, b, evidence, options, {.threads = 1});
  EXPECT_LT(prove(b, learnt, random_sequences(b, 3, 5), {}).relative(), 1e-8);
  Examples scored;
  scored.task = &causal_task();
  scored.sequences = text;
  scored.batches = batches_in_order(text, 16);
  const auto middle = [&](const Alignment& alignment) {
    const Tensors path = interpolate(a.parameters, make(transform(b, alignment)), 0.5);
    return evaluate(*a.network, path, scored, {.threads = 1}).loss;
  };
  EXPECT_LT(middle(learnt), middle(*evidence.start));
}

TEST(ToyFamilyTest, IsRepaired) {
  const Model a = toy(1);
  const ObserveTaps observe_random = [](const Model& x, const Model& y,
                                        const std::vector<std::string>& taps) {
    ObserveOptions options;
    options.taps = taps;
    options.compute.dtype = at::kDouble;
    std::uint64_t next = 0;
    return observe(
        x, y,
        [&]() -> std::optional<TokenSequence> {
          if (next == 40) return std::nullopt;
          return random_sequence(*x.network, 12, 100 + next++);
        },
        options);
  };
  const RepairOptions options{Repair::least_squares, 0.01};
  const Tensors same = repair(a, {{a, a}, {0.3, 0.7}}, options, observe_random);
  EXPECT_LT(largest_relative(a.parameters, same), 1e-6);
  // Units of other sizes are told apart by what reads them, which has no bias.
  Model scaled = a;
  scaled.parameters["block.0.up.weight"] = a.parameters.at("block.0.up.weight") * 3;
  for (const Repair kind : {Repair::rescale, Repair::least_squares}) {
    const Tensors repaired = repair(scaled, {{a}, {1.0}}, {kind, 0}, observe_random);
    const Model mended = with_parameters(a, repaired);
    EXPECT_LT(verify(a, mended, random_sequences(a, 3, 5), {}).relative(), 1e-6);
  }
}

}  // namespace
}  // namespace braid
