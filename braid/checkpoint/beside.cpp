#include "braid/checkpoint/beside.h"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "braid/checkpoint/mapped_file.h"
#include "braid/json/json_text.h"

namespace braid {
namespace {

namespace fs = std::filesystem;

template <std::size_t N>
bool matches(const std::string& name, const std::array<const char*, N>& patterns) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const char* pattern) { return ::fnmatch(pattern, name.c_str(), 0) == 0; });
}

// Written anew, or nobody's.
constexpr std::array kReplaced = {
    "config.json",        "README.md",          ".*",
    "model*.safetensors", "pytorch_model*.bin", "*.safetensors.index.json",
    "*.bin.index.json"};
constexpr std::array kWeights = {"*.safetensors", "*.bin",     "*.pt",   "*.pth",       "*.ckpt",
                                 "*.h5",          "*.msgpack", "*.onnx", "*.onnx_data", "*.gguf",
                                 "*.ot",          "*.tflite",  "*.npz",  "*.index.json"};
constexpr std::array kTraining = {"optimizer*",           "scheduler*",     "scaler*",
                                  "rng_state*",           "trainer_state*", "training_args*",
                                  "events.out.tfevents*", "*.state",        "*.alignment"};
constexpr std::array kOtherFolders = {"checkpoint-*", "global_step*", "runs",   "logs", "wandb",
                                      "onnx",         "openvino",     "coreml", "flax", "tf"};

// sentence-transformers' modules, each in a folder of its own.
std::set<std::string> module_folders(const fs::path& folder) {
  std::set<std::string> names;
  const fs::path file = folder / "modules.json";
  if (!fs::is_regular_file(file)) return names;
  const nlohmann::json modules = parse_json(MappedFile::open(file)->bytes(), file.string());
  if (!modules.is_array()) return names;
  for (const nlohmann::json& one : modules) {
    if (one.is_object() && one.value("path", nlohmann::json()).is_string()) {
      names.insert(one["path"].get<std::string>());
    }
  }
  names.erase("");  // the checkpoint itself
  return names;
}

void add(const fs::path& folder, const fs::path& place, const std::set<std::string>& modules,
         Beside& found) {
  std::vector<fs::directory_entry> entries(fs::directory_iterator(folder / place), {});
  std::sort(entries.begin(), entries.end());
  const bool top = place.empty(), whole = modules.contains(place.string());
  for (const fs::directory_entry& entry : entries) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with('.') || (top && matches(name, kReplaced))) continue;
    std::error_code error;
    if (entry.is_directory(error)) {
      const bool other = matches(name, kOtherFolders) && !modules.contains((place / name).string());
      if (other || entry.is_symlink(error)) {
        found.left.push_back((place / name).string() + "/");
      } else {
        add(folder, place / name, modules, found);
      }
      continue;
    }
    const bool belongs = entry.is_regular_file(error) &&
                         (whole || (!matches(name, kWeights) && !matches(name, kTraining)));
    if (belongs) {
      found.files.push_back(place / name);
    } else {
      found.left.push_back((place / name).string());
    }
  }
}

}  // namespace

std::set<std::string> model_folders(const fs::path& folder) {
  std::set<std::string> names = module_folders(folder);
  names.insert("additional_chat_templates");
  return names;
}

Beside files_beside(const fs::path& folder) {
  Beside found;
  add(folder, {}, module_folders(folder), found);
  return found;
}

}  // namespace braid
