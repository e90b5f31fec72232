// Auxiliary files of a checkpoint folder that belong to the model: tokenizer, generation settings,
// chat templates, processors, modules of sentence-transformers, licences. Scores, logs, notes and
// training state describe that particular model and are not copied to another.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace braid {

struct Beside {
  std::vector<std::filesystem::path> files;  // relative to the folder, sorted
  std::vector<std::string> left;             // not part of the model; "onnx/" for a whole folder
};

// Lists files that belong to a model by their name, and all files in folders named by modules.json.
// Python files belong if the configuration refers to classes in them (auto_map).
Beside files_beside(const std::filesystem::path& folder);

// True if transformers or sentence-transformers would read a file of this name in a checkpoint.
bool belongs_to_model(const std::string& name);

// Names of subfolders that are part of the model.
std::set<std::string> model_folders(const std::filesystem::path& folder);

}  // namespace braid
