// braid inspect: describes a checkpoint or an alignment, or compares two checkpoints.
#include <algorithm>
#include <filesystem>

#include "braid/checkpoint/fingerprint.h"
#include "braid/error.h"
#include "braid/json/json_text.h"
#include "braid/models/same_start.h"
#include "braid/pipeline/align.h"
#include "braid/table.h"
#include "braid/text/tokenizer.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/terminal.h"

namespace braid {
namespace {

using Json = nlohmann::json;

struct Options {
  std::string path, other, table, json;
  bool as_table = false;
};

Json describe_tokenizer(const Model& model) {
  try {
    const auto tokenizer = tokenizer_of(model);
    return {{"kind", tokenizer->kind()}, {"tokens", tokenizer->size()}};
  } catch (const Error& error) {
    return {{"kind", nullptr}, {"reason", error.what()}};
  }
}

Json axes_json(const Symmetries& symmetries) {
  Json axes = Json::object();
  for (const auto& [name, axis] : symmetries.axes) {
    axes[name] = {{"units", axis.size},
                  {"group", group_name(axis.group)},
                  {"component", axis.component},
                  {"blocks", symmetries.blocks(axis)}};
  }
  return axes;
}

// Units of the component's first axis that is not nested in another.
std::int64_t units_of(const Symmetries& symmetries, const std::string& component) {
  for (const auto& [name, axis] : symmetries.axes) {
    if (axis.component == component && axis.per.empty()) return axis.size;
  }
  return 0;
}

// A table does not know heads, vocabulary and positions.
std::string sizes_text(const Model& model) {
  const Symmetries& symmetries = model.symmetries;
  const auto layers =
      std::count_if(symmetries.axes.begin(), symmetries.axes.end(),
                    [](const auto& axis) { return axis.second.component == "ffn"; });
  if (!model.network) {
    return fmt::format("table {}, {} axes, {} tensors carried\n", model.table->file,
                       symmetries.axes.size(), model.carried.size());
  }
  const Network& network = *model.network;
  const std::string reads =
      network.reads_images() ? fmt::format("images of {}", fmt::join(network.image_shape(), " x "))
                             : fmt::format("vocabulary {}, positions {}", network.vocabulary_size(),
                                           network.max_positions());
  return fmt::format("hidden {}, layers {}, heads {}, feed-forward {}, {}\n",
                     units_of(symmetries, "residual"), layers, network.sizes().heads,
                     units_of(symmetries, "ffn"), reads);
}

void inspect_checkpoint(const std::string& folder, const std::string& table,
                        const std::string& json_file) {
  const Model model = load_model(folder, table);
  const Symmetries& symmetries = model.symmetries;
  const char* dtype = safetensors_name(main_dtype(model.parameters));
  Json ties = Json::array();
  for (const Tie& tie : model.ties) {
    if (model.parameters.contains(tie.original)) ties.push_back({tie.alias, tie.original});
  }
  const Json tokenizer = describe_tokenizer(model);
  const Json axes = axes_json(symmetries);
  Json tensors = Json::object();
  std::vector<std::vector<std::string>> axis_rows = {{"axis", "units", "group", "component"}};
  std::vector<std::vector<std::string>> tensor_rows = {{"tensor", "dtype", "shape", "pattern"}};
  for (const auto& [name, axis] : symmetries.axes) {
    const std::int64_t blocks = symmetries.blocks(axis);
    axis_rows.push_back(
        {name, blocks > 1 ? fmt::format("{} x {}", blocks, axis.size) : grouped(axis.size),
         group_name(axis.group), axis.component});
  }
  for (const auto& [name, tensor] : model.parameters) {
    const std::string pattern = format_pattern(symmetries.tensors.at(name));
    const std::string& stored = model.stored_names.at(name);
    tensor_rows.push_back({stored, safetensors_name(tensor.scalar_type()),
                           fmt::format("{}", fmt::join(tensor.sizes(), " x ")), pattern});
    tensors[stored] = {{"dtype", safetensors_name(tensor.scalar_type())},
                       {"shape", tensor.sizes().vec()},
                       {"pattern", pattern}};
  }
  std::string text = fmt::format("{}: {}, {} parameters, {}, {} weights file(s), fingerprint {}\n",
                                 folder, symmetries.family, grouped(symmetries.parameters()), dtype,
                                 model.layout.size(), fingerprint(model.parameters)) +
                     sizes_text(model);
  for (const Json& tie : ties) {
    text += fmt::format("tied: {} = {}\n", tie[0].get<std::string>(), tie[1].get<std::string>());
  }
  text += !model.network ? ""
          : tokenizer["kind"].is_null()
              ? fmt::format("no tokenizer: {}\n", tokenizer["reason"].get<std::string>())
              : fmt::format("tokenizer: {}, {} tokens\n", tokenizer["kind"].get<std::string>(),
                            tokenizer["tokens"].get<std::int64_t>());
  text += "\n" + format_table(axis_rows) + "\n" + format_table(tensor_rows);
  report(text,
         {{"path", folder},
          {"family", symmetries.family},
          {"config", model.config},
          {"parameters", symmetries.parameters()},
          {"dtype", dtype},
          {"fingerprint", fingerprint(model.parameters)},
          {"ties", ties},
          {"tokenizer", tokenizer},
          {"axes", axes},
          {"tensors", tensors}},
         json_file);
}

// The first difference; empty if the architectures are the same.
std::string difference_of_architecture(const Model& a, const Model& b) {
  try {
    require_same_architecture(a, b);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

void inspect_pair(const std::string& first, const std::string& second, const std::string& table,
                  const std::string& json_file) {
  const Model a = load_model(first, table), b = load_model(second, table);
  const std::string differs = difference_of_architecture(a, b);
  std::string text;
  Json sides = Json::array();
  for (const Model* model : {&a, &b}) {
    const std::string id = fingerprint(model->parameters);
    text += fmt::format("{}: {}, {} parameters, fingerprint {}\n", model->folder.string(),
                        model->symmetries.family, grouped(model->symmetries.parameters()), id);
    sides.push_back({{"path", model->folder.string()}, {"fingerprint", id}});
  }
  Json json = {{"models", sides}, {"same_architecture", differs.empty()}};
  if (!differs.empty()) {
    json["difference"] = differs;
    return report(text + "different architectures: " + differs + "\n", json, json_file);
  }
  const Likeness found = likeness(a, b);
  std::vector<std::vector<std::string>> rows = {{"tensor", "cosine"}};
  for (const auto& [name, cosine] : found.cosines) {
    rows.push_back({name, fmt::format("{:.4f}", cosine)});
  }
  text += fmt::format(
      "same architecture; mean cosine {:.4f} over {} equally named matrices inside layers: "
      "{}\n\n{}",
      found.mean, found.matrices,
      found.is_shared_start() ? "THEY SHARE AN INITIALISATION, and may not need alignment"
                              : "different initialisations, or units in a different order",
      format_table(rows));
  json.update({{"mean_cosine", found.mean},
               {"shared_initialisation", found.is_shared_start()},
               {"cosines", found.cosines}});
  report(text, json, json_file);
}

void inspect_alignment(const std::string& file, const std::string& json_file) {
  const Alignment alignment = load_alignment(file);
  const auto side = [](const Json& json) {
    return fmt::format("{} ({})", json.value("path", "?"), json.value("fingerprint", "?"));
  };
  report(fmt::format("{}: moves {} towards {}\noptions {}\n\n", file, side(alignment.b),
                     side(alignment.a), to_text(alignment.options)) +
             alignment_table(alignment),
         to_json(alignment), json_file);
}

OptionList options_of(Options& options) {
  OptionList list;
  list.add("PATH", options.path, "Checkpoint folder or alignment file").as(Use::input).needed();
  list.add("OTHER", options.other, "Checkpoint folder to compare with").as(Use::input);
  list_table(list, options.table);
  list.add("as-table", options.as_table, "Print the checkpoint's table as a YAML file for --table");
  list_json(list, options.json);
  return list;
}

void run(const Options& options) {
  const auto& [path, other, table, json, as_file] = options;
  require(std::filesystem::exists(path), "{}: no such file or folder", path);
  if (as_file) {
    require(other.empty() && json.empty(),
            "`as-table` prints the table of one checkpoint; {} is not used",
            other.empty() ? "`json`" : other);
    fmt::print("{}", to_yaml(as_table(load_model(path, table))));
  } else if (!other.empty()) {
    inspect_pair(path, other, table, json);
  } else if (std::filesystem::is_directory(path) || !table.empty()) {
    inspect_checkpoint(path, table, json);
  } else {
    inspect_alignment(path, json);
  }
}

}  // namespace

void add_inspect(CLI::App& app) {
  CLI::App& command =
      *app.add_subcommand("inspect",
                          "Describe a checkpoint folder or an alignment file, or compare two "
                          "checkpoints.\n\n"
                          "  braid inspect CKPT               sizes, axes with their groups, "
                          "tensors with their patterns\n"
                          "  braid inspect A B                what differs, and whether they share "
                          "an initialisation\n"
                          "  braid inspect CKPT --as-table > FAMILY.yaml\n"
                          "  braid inspect CKPT --table FAMILY.yaml\n"
                          "  braid inspect AB.alignment --json -");
  add_command(command, std::make_shared<Options>(), run);
}

}  // namespace braid
