// Every built-in table as a file: read again with the shapes of a checkpoint, it is the same table.
#include <gmock/gmock.h>

#include <set>

#include "braid/checkpoint/safetensors.h"
#include "braid/models/canonical.h"
#include "tests/checkpoint/temporary_folder.h"
#include "tests/models/small_bert.h"

namespace braid {
namespace {

using AsTableTest = TemporaryFolder;

Tensors as_stored_names(const Model& model) {
  Tensors stored;
  for (const auto& [name, tensor] : model.parameters) {
    stored[model.stored_names.at(name)] = tensor;
  }
  return stored;
}

SymmetryTable read_again(const SymmetryTable& table, const std::filesystem::path& file) {
  std::ofstream(file) << to_yaml(table);
  return read_symmetry_table(file);
}

std::vector<std::string> tap_texts(const Symmetries& table) {
  std::vector<std::string> texts;
  for (const Tap& tap : table.taps) {
    texts.push_back(tap.name + ": " + format_pattern({{tap.axes}}) + ", " + tap.component);
  }
  return texts;
}

void expect_same(const Symmetries& found, const Model& model, const std::string& form) {
  const Symmetries& expected = model.symmetries;
  EXPECT_EQ(found.family, expected.family) << form;
  ASSERT_EQ(found.axes.size(), expected.axes.size()) << form;
  for (const auto& [name, axis] : expected.axes) {
    ASSERT_TRUE(found.axes.contains(name)) << form << ": " << name;
    const Axis& other = found.axes.at(name);
    EXPECT_EQ(std::tie(other.name, other.size, other.group, other.component, other.per,
                       other.returned, other.scales),
              std::tie(axis.name, axis.size, axis.group, axis.component, axis.per, axis.returned,
                       axis.scales))
        << form << ": " << name;
  }
  ASSERT_EQ(found.tensors.size(), expected.tensors.size()) << form;
  for (const auto& [name, pattern] : expected.tensors) {
    EXPECT_EQ(format_pattern(found.tensors.at(model.stored_names.at(name))),
              format_pattern(pattern))
        << form << ": " << name;
  }
  EXPECT_EQ(tap_texts(found), tap_texts(expected)) << form;
  ASSERT_EQ(found.shifts.size(), expected.shifts.size()) << form;
  for (const auto& [name, shift] : expected.shifts) {
    const Shift& other = found.shifts.at(name);
    EXPECT_EQ(other.kind, shift.kind) << form << ": " << name;
    EXPECT_EQ(model.stored_names.at(shift.map + ".weight"), other.map + ".weight") << form;
    EXPECT_EQ(model.stored_names.at(shift.other + ".weight"), other.other + ".weight") << form;
    EXPECT_EQ(format_pattern({{other.units}}), format_pattern({{shift.units}})) << form;
  }
}

TEST_F(AsTableTest, IsReadAsTheSameTable) {
  for (const Family* family : families()) {
    for (const ModelClass& kind : family->classes) {
      for (const bool tied : {true, false}) {
        nlohmann::json config = family->sample;
        config["architectures"] = {kind.name};
        config["tie_word_embeddings"] = tied;
        const Model plain = random_model(config, 1), canonical = canonical_form(plain);
        for (const Model* model : {&plain, &canonical}) {
          const std::string form =
              kind.name + (tied ? ", tied" : ", untied") + (model == &plain ? "" : ", canonical");
          const SymmetryTable table = as_table(*model);
          expect_same(symmetries_of(read_again(table, folder / "table.yaml"),
                                    as_stored_names(*model), form),
                      *model, form);
          // The second stack of an encoder-decoder counts its layers from 0, its axes go on.
          if (family->model_type.ends_with("t5")) continue;
          // Layers are one rule, but where the first has no such tensor (ModernBERT's norms).
          std::set<std::string> names;
          for (const TensorRule& rule : table.tensors) names.insert(rule.name);
          for (std::string name : names) {
            const std::size_t place = name.find(".1.");
            if (place == std::string::npos || name.find('*') != std::string::npos) continue;
            EXPECT_FALSE(names.contains(name.replace(place, 3, ".0."))) << form << ": " << name;
          }
        }
      }
    }
  }
}

TEST_F(AsTableTest, NamesWhatACheckpointOfItHas) {
  SmallBert bert;
  const Model model = bert.model();
  Tensors stored = as_stored_names(model);
  write_checkpoint(folder / "model", model.config, stored);
  std::ofstream(folder / "bert.yaml") << to_yaml(as_table(model));
  const Model read = load_model(folder / "model", folder / "bert.yaml");
  EXPECT_EQ(read.parameters.size(), stored.size());
  EXPECT_EQ(read.network, nullptr);
  EXPECT_THROW(network_of(read), Error);
  // A tied decoder that is stored as well has the pattern of what it is tied to.
  stored["cls.predictions.decoder.weight"] = stored.at("bert.embeddings.word_embeddings.weight");
  std::filesystem::create_directory(folder / "both");
  write_safetensors(folder / "both/model.safetensors", stored);
  std::ofstream(folder / "both/config.json") << model.config.dump();
  std::ofstream(folder / "both.yaml") << to_yaml(as_table(load_model(folder / "both")));
  const Model both = load_model(folder / "both", folder / "both.yaml");
  EXPECT_EQ(format_pattern(both.symmetries.tensors.at("cls.predictions.decoder.weight")),
            "_37:token x");
}

}  // namespace
}  // namespace braid
