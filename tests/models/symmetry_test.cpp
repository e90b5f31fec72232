// The claim that everything rests on, for every family, class, form and axis: a random element of
// the axis's group leaves all outputs as they were, and one of the next larger group does not.
#include <gmock/gmock.h>

#include <algorithm>

#include "braid/models/canonical.h"
#include "braid/symmetry/axis_uses.h"
#include "braid/symmetry/transform.h"
#include "tests/models/small_bert.h"

namespace braid {
namespace {

struct Form {
  std::string name;
  Model model;
};

// Every family's classes, tied and untied, as they are and in canonical form.
std::vector<Form> forms() {
  std::vector<Form> all;
  for (const Family* family : families()) {
    for (const ModelClass& kind : family->classes) {
      for (const bool tied : {true, false}) {
        nlohmann::json config = family->sample;
        config["architectures"] = {kind.name};
        config["tie_word_embeddings"] = tied;
        const Model model = random_model(config, 1);
        const std::string name = kind.name + (tied ? ", tied" : ", untied");
        all.push_back({name, model});
        all.push_back({name + ", canonical", canonical_form(model)});
      }
      if (!family->ties_by_file) continue;
      Parts own{kind.parts};
      own.names.insert("decoder");
      const Model model = random_model(complete_config(family->sample), own, 1);
      all.push_back({kind.name + ", its own decoder", model});
      all.push_back({kind.name + ", its own decoder, canonical", canonical_form(model)});
    }
  }
  return all;
}

std::vector<Output> compute(const Model& model, const Tensors& parameters) {
  Batch batch = random_batch(*model.network, 3, 11, 9);
  if (!model.network->reads_images()) {
    batch.attention_mask = at::ones({3, 11}, at::kBool);
    batch.attention_mask[1].narrow(0, 6, 5).fill_(false);
  }
  return all_outputs(*model.network, parameters, batch, Frame::free);
}

// Largest change of any output, relative to the largest of its kind.
double change(const Model& model, const Symmetries& table, const Transform& element) {
  const std::vector<Output> before = compute(model, model.parameters);
  const std::vector<Output> after =
      compute(model, transform_parameters(table, model.parameters, element));
  double largest = 0;
  for (std::size_t k = 0; k < before.size(); ++k) {
    const at::Tensor& values = before[k].values;
    largest = std::max(
        largest, largest_difference(values, after[k].values) / values.abs().max().item<double>());
  }
  return largest;
}

GroupElement random_blocks(const Symmetries& table, const Axis& axis, Random& random) {
  GroupElement element;
  for (std::int64_t block = 0; block < table.blocks(axis); ++block) {
    element.push_back(random_element(axis.group, axis.size, random));
  }
  return element;
}

bool has_units_inside(const Symmetries& table, const Axis& axis) {
  return std::any_of(table.axes.begin(), table.axes.end(),
                     [&](const auto& named) { return named.second.per == axis.name; });
}

// The next larger group; none where only mixing the axis with the one around it is larger.
std::optional<Group> larger(const Symmetries& table, const Axis& axis) {
  switch (axis.group) {
    case Group::permutation:  // signs of whole heads lie in the groups of their units
      return has_units_inside(table, axis) ? Group::orthogonal : Group::signed_permutation;
    case Group::signed_permutation:
    case Group::centred_orthogonal:
      return Group::orthogonal;
    case Group::orthogonal:
    case Group::rotary:
      return Group::general;
    case Group::rotary_signs:
      return Group::rotary;
    case Group::general:
      return std::nullopt;
  }
  return std::nullopt;
}

// The table in which the axis has this group, beyond what a gain on it can follow: gains stay.
Symmetries with_group(Symmetries table, const std::string& axis, Group group) {
  Axis& larger = table.axes.at(axis);
  larger.group = group;
  for (const UsePlace& place : uses_of(table, axis)) {
    if (!mixes(group) || place.role != Role::gain) continue;
    table.tensors.at(place.tensor)[place.dimension][place.term][place.factor] = {"", Role::inert,
                                                                                 larger.size};
  }
  return table;
}

// The table in which equal units of an inner axis mix, whatever block they are of.
Symmetries mixed_over_blocks(Symmetries table, const Axis& inner) {
  const std::string mixed = "mixed";
  table.axes[mixed] = {mixed, table.axis(inner.per).size, Group::orthogonal, "", ""};
  for (const UsePlace& place : uses_of(table, inner.name)) {
    Product& product = table.tensors.at(place.tensor)[place.dimension][place.term];
    product[factor_of(product, inner.per)] = {mixed, place.role};
    product[place.factor] = {"", Role::inert, inner.size};
  }
  return table;
}

TEST(SymmetryTest, ARandomElementOfEachAxisLeavesAllOutputs) {
  Random random(17);
  for (const auto& [form, model] : forms()) {
    const Symmetries& table = model.symmetries;
    ASSERT_TRUE(table.broken.empty()) << form;
    for (const auto& [name, axis] : table.axes) {
      EXPECT_LT(change(model, table, {{name, random_blocks(table, axis, random)}}), 1e-9)
          << form << ", " << name << ": " << group_name(axis.group);
    }
    EXPECT_LT(change(model, table, random_transform(table, random)), 1e-9) << form;
  }
}

TEST(SymmetryTest, TheNextLargerGroupDoesNot) {
  Random random(19);
  for (const auto& [form, model] : forms()) {
    for (const auto& [name, axis] : model.symmetries.axes) {
      Symmetries table = model.symmetries;
      std::string moved = name;
      if (const auto group = larger(table, axis)) {
        table = with_group(table, name, *group);
      } else {
        ASSERT_FALSE(axis.per.empty()) << name << " is as free as can be";
        table = mixed_over_blocks(table, axis);
        moved = "mixed";
      }
      Transform element = {{moved, random_blocks(table, table.axis(moved), random)}};
      if (auto* signs = std::get_if<SignedPermutation>(&element.at(moved).front())) {
        signs->signs.front() = -1, signs->signs.back() = 1;  // not all the same
      }
      EXPECT_GT(change(model, table, element), 1e-4)
          << form << ", " << name << ": beyond " << group_name(axis.group);
    }
  }
}

TEST(AblationTest, BreaksTheFunctionAndSaysSo) {
  Random random(20);
  for (const Ablation ablation :
       {Ablation{.separate_residual = true}, Ablation{.ignore_heads = true}}) {
    const Model model = SmallBert{}.model();
    const Symmetries table = table_of(model, ablation);
    EXPECT_FALSE(table.broken.empty());
    EXPECT_GT(change(model, table, random_transform(table, random)), 1e-4);
  }
}

}  // namespace
}  // namespace braid
