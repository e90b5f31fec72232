#include "braid/checkpoint/checkpoint.h"

#include <algorithm>
#include <array>
#include <set>
#include <system_error>

#include "braid/checkpoint/atomic_file.h"
#include "braid/checkpoint/beside.h"
#include "braid/checkpoint/mapped_file.h"
#include "braid/checkpoint/output_claim.h"
#include "braid/checkpoint/safetensors.h"
#include "braid/checkpoint/weights.h"
#include "braid/error.h"
#include "braid/json/json_text.h"
#include "braid/json/printable.h"
#include "braid/notice.h"

namespace braid {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

json read_json(const fs::path& path) {
  return parse_json(MappedFile::open(path)->bytes(), path.string());
}

std::string name_shard(std::size_t index, std::size_t count) {
  if (count == 1) return "model.safetensors";
  return fmt::format("model-{:05}-of-{:05}.safetensors", index + 1, count);
}

// Splits like huggingface_hub: in order, a tensor larger than a shard on its own.
Layout split_tensors(const LazyTensors& tensors, std::int64_t shard_size) {
  Layout layout;
  std::vector<std::string> current;
  std::int64_t bytes = 0;
  for (const auto& [name, tensor] : tensors) {
    const std::int64_t size = tensor.bytes();
    if (size > shard_size) {
      layout.push_back({"", {name}});
      continue;
    }
    if (bytes + size > shard_size) {
      layout.push_back({"", std::move(current)});
      current.clear();
      bytes = 0;
    }
    current.push_back(name);
    bytes += size;
  }
  if (!current.empty() || layout.empty()) layout.push_back({"", std::move(current)});
  for (std::size_t i = 0; i < layout.size(); ++i) layout[i].file = name_shard(i, layout.size());
  return layout;
}

// The layout `kept`, restricted and extended to these tensors, with names of safetensors files.
Layout adapt_layout(const LazyTensors& tensors, const Layout& kept) {
  std::set<std::string> left;
  for (const auto& [name, tensor] : tensors) left.insert(name);
  Layout layout;
  for (const Shard& shard : kept) {
    Shard adapted{shard.file, {}};
    for (const std::string& name : shard.tensors) {
      if (left.erase(name) > 0) adapted.tensors.push_back(name);
    }
    layout.push_back(std::move(adapted));
  }
  if (layout.empty()) layout.push_back({"model.safetensors", {}});
  layout.back().tensors.insert(layout.back().tensors.end(), left.begin(), left.end());
  std::erase_if(layout,
                [&](const Shard& shard) { return shard.tensors.empty() && !tensors.empty(); });
  // pytorch_model-00001-of-00002.bin and the like cannot keep their names.
  std::set<std::string> files;
  bool rename = false;
  for (const Shard& shard : layout) {
    rename |= !is_plain_name(shard.file) || !shard.file.ends_with(".safetensors") ||
              !files.insert(shard.file).second;
  }
  for (std::size_t i = 0; rename && i < layout.size(); ++i) {
    layout[i].file = name_shard(i, layout.size());
  }
  return layout;
}

// Refuses to write values that braid would refuse to read.
LazyTensor checked(const std::string& name, LazyTensor tensor) {
  tensor.make = [name, make = std::move(tensor.make)] {
    const at::Tensor made = make();
    require(all_finite(made),
            "{}: a value is NaN or out of range for {}; nothing was written. Parents in float32 "
            "have a larger range",
            printable(name), dtype_name(made.scalar_type()));
    return made;
  };
  return tensor;
}

// Skips files that are written anyway and those not to be copied.
void copy_beside(const Beside& found, const fs::path& from, const fs::path& to,
                 const WriteOptions& options) {
  for (const fs::path& file : found.files) {
    const std::string name = file.string();
    if (options.files.contains(name) || options.not_copied.contains(name)) continue;
    fs::create_directories(to / file.parent_path());
    write_file_atomically(to / file, MappedFile::open(from / file)->bytes());
  }
  if (!found.left.empty()) {
    notice("{}: not copied, because not among the files read with a model's weights: {}",
           from.string(), join_names(found.left));
  }
}

void write_weights(const fs::path& folder, const LazyTensors& tensors, const Layout& layout) {
  json weight_map = json::object();
  for (const Shard& shard : layout) {
    LazyTensors part;
    for (const std::string& name : shard.tensors) {
      part.emplace(name, checked(name, tensors.at(name)));
      weight_map[name] = shard.file;
    }
    write_safetensors(folder / shard.file, part);
  }
  if (layout.size() == 1 && layout.front().file == "model.safetensors") return;
  const json index = {{"metadata", {{"total_size", byte_size(tensors)}}},
                      {"weight_map", std::move(weight_map)}};
  write_file_atomically(folder / "model.safetensors.index.json", index.dump(2) + "\n");
}

}  // namespace

Checkpoint load_checkpoint(const fs::path& folder) {
  std::error_code error;
  require(
      fs::is_directory(folder, error),
      "{}: not a folder; expected the folder of a Hugging Face checkpoint, with config.json and "
      "model.safetensors. Download a model on the hub first; for a single weights file, pass a "
      "`table` of its architecture",
      folder.string());
  require(
      !is_there(folder / "adapter_config.json"),
      "{}: adapter_config.json: the folder contains a PEFT adapter; with peft installed, "
      "transformers loads that and its base model instead of these weights. Merge it into its "
      "base, or move adapter_config.json and adapter_model.* elsewhere if the weights are complete",
      folder.string());
  Checkpoint checkpoint;
  checkpoint.folder = folder;
  require(is_there(folder / "config.json"),
          "{}: not a checkpoint folder: config.json is missing; for a model not in Hugging Face "
          "format, pass a `table` of its architecture",
          folder.string());
  checkpoint.config = read_json(folder / "config.json");
  require(checkpoint.config.is_object(), "{}: expected a JSON object",
          (folder / "config.json").string());
  Weights weights = read_weights(folder);
  checkpoint.tensors = std::move(weights.tensors);
  checkpoint.layout = std::move(weights.layout);
  checkpoint.absent = std::move(weights.absent);
  return checkpoint;
}

void write_checkpoint(const fs::path& out, const json& config, const Tensors& tensors,
                      const fs::path& beside, const WriteOptions& options) {
  write_checkpoint(out, config, lazy(tensors), beside, options);
}

void write_checkpoint(const fs::path& out, const json& config, const LazyTensors& tensors,
                      const fs::path& beside, const WriteOptions& options) {
  const Layout layout = options.layout ? adapt_layout(tensors, *options.layout)
                                       : split_tensors(tensors, options.shard_size);
  require_space(out, byte_size(tensors));
  AtomicFolder folder(out, options.overwrite);
  const Beside found = beside.empty() ? Beside() : files_beside(beside);
  if (!config.is_null()) {
    write_file_atomically(folder.path() / "config.json", to_python_text(config));
  }
  write_weights(folder.path(), tensors, layout);
  for (const auto& [name, text] : options.files) {
    require(is_plain_name(name), "{}: not a plain file name", name);
    write_file_atomically(folder.path() / name, text);
  }
  copy_beside(found, beside, folder.path(), options);
  folder.commit();
}

}  // namespace braid
