#include "braid/checkpoint/checkpoint.h"

#include <algorithm>
#include <array>
#include <set>
#include <system_error>

#include "braid/checkpoint/atomic_file.h"
#include "braid/checkpoint/json_text.h"
#include "braid/checkpoint/mapped_file.h"
#include "braid/checkpoint/printable.h"
#include "braid/checkpoint/safetensors.h"
#include "braid/checkpoint/torch_bin.h"
#include "braid/error.h"

namespace braid {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::array kTokenizerFiles = {
    "tokenizer.json",          "tokenizer_config.json", "vocab.txt",  "vocab.json",
    "special_tokens_map.json", "added_tokens.json",     "merges.txt",
};

bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

json read_json(const fs::path& path) {
  return parse_json(MappedFile::open(path)->bytes(), path.string());
}

Tensors read_weights(const fs::path& path) {
  return path.extension() == ".bin" ? read_torch_bin(path) : read_safetensors(path);
}

// The first few of many names.
std::string join_names(const std::vector<std::string>& names) {
  constexpr std::ptrdiff_t kMost = 5;
  const std::ptrdiff_t shown = std::min(kMost, std::ssize(names));
  std::vector<std::string> first(names.begin(), names.begin() + shown);
  for (std::string& name : first) name = printable(name);
  const std::string joined = fmt::format("{}", fmt::join(first, ", "));
  return shown == std::ssize(names)
             ? joined
             : fmt::format("{} and {} more", joined, std::ssize(names) - shown);
}

bool is_plain_name(std::string_view name) {
  return !name.empty() && name.front() != '.' && name.find('/') == std::string_view::npos &&
         name.find('\0') == std::string_view::npos;
}

Layout read_index(const fs::path& index, std::string_view extension) {
  const json fields = read_json(index);
  require(fields.is_object() && fields.contains("weight_map") && fields["weight_map"].is_object(),
          "{}: expected an object with a weight_map", index.string());
  std::map<std::string, std::vector<std::string>> shards;
  for (const auto& [tensor, file] : fields["weight_map"].items()) {
    const std::string name = file.is_string() ? file.get<std::string>() : "";
    require(is_plain_name(name) && name.ends_with(extension),
            "{}: tensor \"{}\" is mapped to \"{}\", expected the name of a {} file in this folder",
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

// Reads every shard and holds it against the index.
Tensors read_shards(const fs::path& index, const Layout& layout) {
  Tensors tensors;
  std::map<std::string, std::string> home;  // tensor -> shard it was read from
  std::vector<std::string> absent, unlisted, doubled;
  for (const Shard& shard : layout) {
    Tensors read = read_weights(index.parent_path() / shard.file);
    for (const std::string& name : shard.tensors) {
      if (!read.contains(name)) absent.push_back(fmt::format("{} ({})", name, shard.file));
    }
    for (auto& [name, tensor] : read) {
      const bool listed = std::binary_search(shard.tensors.begin(), shard.tensors.end(), name);
      const auto [place, added] = home.emplace(name, shard.file);
      if (!added) {
        doubled.push_back(fmt::format("{} ({} and {})", name, place->second, shard.file));
      } else if (!listed) {
        unlisted.push_back(fmt::format("{} ({})", name, shard.file));
      } else {
        tensors.emplace(name, std::move(tensor));
      }
    }
  }
  std::string problems;
  const auto report = [&](const char* what, const std::vector<std::string>& names) {
    if (names.empty()) return;
    if (!problems.empty()) problems += "; ";
    problems += fmt::format("{}: {}", what, join_names(names));
  };
  report("in the index but not in the shard", absent);
  report("in the shard but not in the index", unlisted);
  report("in two shards", doubled);
  require(problems.empty(), "{}: {}", index.string(), problems);
  return tensors;
}

std::string name_shard(std::size_t index, std::size_t count) {
  if (count == 1) return "model.safetensors";
  return fmt::format("model-{:05}-of-{:05}.safetensors", index + 1, count);
}

// As huggingface_hub splits: in order, a tensor larger than a shard by itself.
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

// `kept`, for these tensors, as safetensors files.
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

// What could not be read again is not written.
LazyTensor checked(const std::string& name, LazyTensor tensor) {
  tensor.make = [name, make = std::move(tensor.make)] {
    const at::Tensor made = make();
    require(all_finite(made),
            "{}: a value is too large for {}, or is none; nothing was written. Parents in float32 "
            "have a larger range",
            printable(name), dtype_name(made.scalar_type()));
    return made;
  };
  return tensor;
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
  require(fs::is_directory(folder, error),
          "{}: not a folder: give the folder of a Hugging Face checkpoint, with config.json and "
          "model.safetensors",
          folder.string());
  Checkpoint checkpoint{folder, {}, {}, {}};
  require(is_there(folder / "config.json"), "{}: config.json is missing: not a checkpoint folder",
          folder.string());
  checkpoint.config = read_json(folder / "config.json");
  require(checkpoint.config.is_object(), "{}: expected a JSON object",
          (folder / "config.json").string());
  for (const std::string weights : {"model.safetensors", "pytorch_model.bin"}) {
    const fs::path file = folder / weights;
    const fs::path index = folder / (weights + ".index.json");
    if (is_there(file)) {
      checkpoint.tensors = read_weights(file);
      Shard shard{weights, {}};
      for (const auto& [name, tensor] : checkpoint.tensors) shard.tensors.push_back(name);
      checkpoint.layout = {std::move(shard)};
      return checkpoint;
    }
    if (is_there(index)) {
      checkpoint.layout = read_index(index, file.extension().string());
      checkpoint.tensors = read_shards(index, checkpoint.layout);
      return checkpoint;
    }
  }
  fail(
      "{}: no weights: expected model.safetensors, model.safetensors.index.json, "
      "pytorch_model.bin or pytorch_model.bin.index.json",
      folder.string());
}

void write_checkpoint(const fs::path& out, const json& config, const Tensors& tensors,
                      const fs::path& tokenizer_from, const WriteOptions& options) {
  write_checkpoint(out, config, lazy(tensors), tokenizer_from, options);
}

void write_checkpoint(const fs::path& out, const json& config, const LazyTensors& tensors,
                      const fs::path& tokenizer_from, const WriteOptions& options) {
  const Layout layout = options.layout ? adapt_layout(tensors, *options.layout)
                                       : split_tensors(tensors, options.shard_size);
  AtomicFolder folder(out, options.overwrite);
  write_file_atomically(folder.path() / "config.json", config.dump(2) + "\n");
  write_weights(folder.path(), tensors, layout);
  for (const auto& [name, text] : options.files) {
    require(is_plain_name(name), "{}: not a plain file name", name);
    write_file_atomically(folder.path() / name, text);
  }
  for (const char* name : kTokenizerFiles) {
    const fs::path source = tokenizer_from / name;
    if (tokenizer_from.empty() || options.files.contains(name) || !is_there(source)) continue;
    write_file_atomically(folder.path() / name, MappedFile::open(source)->bytes());
  }
  folder.commit();
}

}  // namespace braid
