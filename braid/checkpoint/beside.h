// What lies beside the weights of a checkpoint and belongs to the model: tokenizer, generation
// settings, chat templates, processors, the modules of sentence-transformers, licences. Scores,
// logs, notes and the state of a training are of the model that lies there, and of no other.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace braid {

struct Beside {
  std::vector<std::filesystem::path> files;  // relative to the folder, in order
  std::vector<std::string> left;             // what does not belong, "onnx/" for a whole folder
};

// What belongs to a model by its name, and the folders that modules.json names, whole; all before
// anything is copied. Files of code belong where the configuration names classes of them.
Beside files_beside(const std::filesystem::path& folder);

// Would transformers or sentence-transformers read a file of this name in a checkpoint folder?
bool belongs_to_model(const std::string& name);

// The folders in a checkpoint that are known to be the model's own.
std::set<std::string> model_folders(const std::filesystem::path& folder);

}  // namespace braid
