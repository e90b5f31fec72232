#include "braid/checkpoint/beside.h"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "braid/checkpoint/mapped_file.h"
#include "braid/error.h"
#include "braid/json/json_text.h"

namespace braid {
namespace {

namespace fs = std::filesystem;

template <std::size_t N>
bool matches(const std::string& name, const std::array<const char*, N>& patterns) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const char* pattern) { return ::fnmatch(pattern, name.c_str(), 0) == 0; });
}

// Never copied: the writer of a checkpoint creates these.
constexpr std::array kReplaced = {"config.json", "README.md", "model*.safetensors",
                                  "pytorch_model*.bin", "*.index.json"};
// Files that transformers, tokenizers and sentence-transformers load besides config.json and the
// weights, and files that licences require to pass on.
constexpr std::array kBelongs = {
    // tokenizers
    "tokenizer*.json", "*.model", "*.spm", "*.tiktoken", "vocab*.txt", "vocab*.json",
    "*_vocab.json", "merges.txt", "bpe.codes", "dict.txt", "emoji.json", "normalizer.json",
    "byte_maps.json", "word_shape.json", "word_pronunciation.json", "added_tokens.json",
    "special_tokens_map.json",
    // generation, chat, inputs other than text
    "generation_config.json", "chat_template.*", "*processor_config.json",
    "audio_tokenizer_config.json",
    // sentence encoders
    "modules.json", "config_sentence_transformers.json", "sentence_*_config.json", "LICENSE*",
    "LICENCE*", "NOTICE*", "COPYING*", "USE_POLICY*"};

// Folders of the modules of sentence-transformers.
std::set<std::string> module_folders(const fs::path& folder) {
  std::set<std::string> names;
  const fs::path file = folder / "modules.json";
  if (!fs::is_regular_file(file)) return names;
  const nlohmann::json modules = parse_json(MappedFile::open(file)->bytes(), file.string());
  if (!modules.is_array()) return names;
  for (const nlohmann::json& module : modules) {
    if (!module.is_object() || !module.value("path", nlohmann::json()).is_string()) continue;
    const fs::path place = fs::path(module["path"].get<std::string>()).lexically_normal();
    if (!place.empty()) names.insert(place.begin()->string());  // empty: the checkpoint itself
  }
  return names;
}

// True if the configuration refers to classes in the folder's Python files.
bool has_code(const fs::path& folder) {
  for (const char* name : {"config.json", "tokenizer_config.json"}) {
    const fs::path file = folder / name;
    if (!fs::is_regular_file(file)) continue;
    const auto config =
        nlohmann::json::parse(MappedFile::open(file)->bytes(), nullptr, /*allow_exceptions=*/false);
    if (config.is_object() && config.contains("auto_map")) return true;
  }
  return false;
}

std::vector<fs::directory_entry> entries_of(const fs::path& folder) try {
  std::vector<fs::directory_entry> entries(fs::directory_iterator(folder), {});
  std::sort(entries.begin(), entries.end());
  std::erase_if(
      entries, [](const auto& entry) { return entry.path().filename().string().starts_with('.'); });
  return entries;
} catch (const fs::filesystem_error& error) {
  fail("{}: {}", folder.string(), error.code().message());
}

void add_file(const fs::directory_entry& entry, const fs::path& place, bool belongs,
              Beside& found) {
  std::error_code error;
  if (belongs && entry.is_regular_file(error)) {
    found.files.push_back(place);
  } else {
    found.left.push_back(place.string());
  }
}

// Adds all files of a folder, recursively.
void add_folder(const fs::path& folder, const fs::path& place, Beside& found) {
  for (const fs::directory_entry& entry : entries_of(folder / place)) {
    const fs::path inside = place / entry.path().filename();
    std::error_code error;
    if (entry.is_directory(error) && !entry.is_symlink(error)) {
      add_folder(folder, inside, found);
    } else {
      add_file(entry, inside, true, found);
    }
  }
}

}  // namespace

std::set<std::string> model_folders(const fs::path& folder) {
  std::set<std::string> names = module_folders(folder);
  names.insert("additional_chat_templates");
  return names;
}

bool belongs_to_model(const std::string& name) {
  constexpr std::array weights = {"*.safetensors", "*.bin"};
  // Saved state of unfinished work, which may be inside a checkpoint folder.
  constexpr std::array states = {"*.state.safetensors", "*.learning.safetensors",
                                 "*.heal.safetensors"};
  return matches(name, kReplaced) || matches(name, kBelongs) ||
         (matches(name, weights) && !matches(name, states));
}

Beside files_beside(const fs::path& folder) {
  const std::set<std::string> folders = model_folders(folder);
  const bool code = has_code(folder);
  Beside found;
  for (const fs::directory_entry& entry : entries_of(folder)) {
    const std::string name = entry.path().filename().string();
    std::error_code error;
    if (entry.is_directory(error)) {
      if (folders.contains(name) && !entry.is_symlink(error)) {
        add_folder(folder, name, found);
      } else {
        found.left.push_back(name + "/");
      }
    } else if (!matches(name, kReplaced)) {
      add_file(entry, name, matches(name, kBelongs) || (code && name.ends_with(".py")), found);
    }
  }
  return found;
}

}  // namespace braid
