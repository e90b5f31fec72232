#include "braid/checkpoint/weights.h"

#include <algorithm>
#include <array>
#include <system_error>

#include "braid/checkpoint/safetensors.h"
#include "braid/checkpoint/torch_bin.h"
#include "braid/error.h"
#include "braid/json/json_text.h"
#include "braid/json/printable.h"

namespace braid {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

Tensors read_file(const fs::path& path) {
  return path.extension() == ".safetensors" ? read_safetensors(path) : read_torch_bin(path);
}

Weights read_one(const fs::path& file, const std::string& name) {
  Weights weights{read_file(file), {{name, {}}}, {}};
  for (const auto& [tensor, values] : weights.tensors) {
    weights.layout.front().tensors.push_back(tensor);
  }
  return weights;
}

bool is_weights_file(const fs::path& path) {
  const fs::path extension = path.extension();
  return extension == ".safetensors" || extension == ".bin" || extension == ".pt" ||
         extension == ".pth";
}

Layout read_index(const fs::path& index, std::string_view extension) {
  const json fields = parse_json(MappedFile::open(index)->bytes(), index.string());
  require(fields.is_object() && fields.contains("weight_map") && fields["weight_map"].is_object(),
          "{}: expected an object with a weight_map", index.string());
  std::map<std::string, std::vector<std::string>> shards;
  for (const auto& [tensor, file] : fields["weight_map"].items()) {
    const std::string name = file.is_string() ? file.get<std::string>() : "";
    require(is_plain_name(name) && name.ends_with(extension),
            "{}: tensor \"{}\" is mapped to \"{}\", expected a {} file name in this folder",
            index.string(), printable(tensor), printable(name), extension);
    shards[name].push_back(tensor);
  }
  Layout layout;
  std::vector<std::string> missing;
  for (auto& [file, tensors] : shards) {
    if (!is_there(index.parent_path() / file)) missing.push_back(file);
    layout.push_back({file, std::move(tensors)});
  }
  require(missing.empty(), "{}: shards missing from the folder: {}; fetch them", index.string(),
          join_names(missing));
  return layout;
}

// All tensors of the shards named in the index.
Weights read_shards(const fs::path& index, const Layout& listed) {
  Weights weights;
  std::map<std::string, std::string> home;  // tensor -> shard it was read from
  std::vector<std::string> different;
  for (const Shard& shard : listed) {
    weights.layout.push_back({shard.file, {}});
    for (auto& [name, tensor] : read_file(index.parent_path() / shard.file)) {
      const auto [place, added] = home.emplace(name, shard.file);
      if (added) {
        weights.layout.back().tensors.push_back(name);
        weights.tensors.emplace(name, tensor);
      } else if (!same_values(weights.tensors.at(name), tensor)) {
        different.push_back(fmt::format("{} ({} and {})", name, place->second, shard.file));
      }
    }
  }
  require(different.empty(), "{}: tensors with different values in two shards: {}", index.string(),
          join_names(different));
  for (const Shard& shard : listed) {
    for (const std::string& name : shard.tensors) {
      if (!home.contains(name)) weights.absent.push_back(name);
    }
  }
  return weights;
}

// Unsupported weights a folder may contain instead, with advice.
struct Other {
  const char* file;
  const char* what;
};
constexpr std::array others = {
    Other{"adapter_model.safetensors", "an adapter: merge it into its base model first (PEFT)"},
    Other{"adapter_model.bin", "an adapter: merge it into its base model first (PEFT)"},
    Other{"tf_model.h5",
          "TensorFlow weights: save them as PyTorch weights with transformers first"},
    Other{"model.ckpt.index", "a TensorFlow checkpoint: convert it with transformers first"},
    Other{"flax_model.msgpack",
          "Flax weights: save them as PyTorch weights with transformers first"},
};

}  // namespace

bool is_there(const fs::path& path) {
  std::error_code error;
  if (fs::exists(path, error)) return true;
  require(!fs::is_symlink(path, error), "{}: a link to {}, which does not exist; fetch the file",
          path.string(), fs::read_symlink(path, error).string());
  return false;
}

bool is_plain_name(std::string_view name) {
  return !name.empty() && name.front() != '.' && name.find('/') == std::string_view::npos &&
         name.find('\0') == std::string_view::npos;
}

Weights read_weights(const fs::path& folder) {
  for (const std::string name : {"model.safetensors", "pytorch_model.bin"}) {
    const fs::path file = folder / name, index = folder / (name + ".index.json");
    if (is_there(file)) return read_one(file, name);
    if (is_there(index)) return read_shards(index, read_index(index, file.extension().string()));
  }
  std::string instead;
  for (const auto& [file, what] : others) {
    if (is_there(folder / file)) instead = fmt::format("; found {}, {}", file, what);
  }
  fail(
      "{}: no weights: expected model.safetensors, model.safetensors.index.json, "
      "pytorch_model.bin or pytorch_model.bin.index.json{}",
      folder.string(), instead);
}

Weights any_weights(const fs::path& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    require(is_there(path) && fs::is_regular_file(path, error), "{}: no such file or folder",
            path.string());
    require(is_weights_file(path), "{}: expected a weights file (.safetensors, .bin, .pt or .pth)",
            path.string());
    return read_one(path, "model.safetensors");
  }
  std::vector<std::string> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(path)) {
    if (!is_weights_file(entry.path()) || entry.path().filename().string().front() == '.') continue;
    found.push_back(entry.path().filename().string());
  }
  const bool is_standard = std::any_of(found.begin(), found.end(), [](const std::string& name) {
    return name.starts_with("model") || name.starts_with("pytorch_model");
  });
  if (is_standard || found.empty()) return read_weights(path);
  std::sort(found.begin(), found.end());
  require(found.size() == 1, "{}: contains {} weights files, {}; give the path of one",
          path.string(), found.size(), join_names(found));
  return read_one(path / found.front(), "model.safetensors");
}

}  // namespace braid
