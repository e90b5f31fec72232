// What lies beside the weights of a checkpoint and belongs to the model: tokenizer, generation
// settings, chat templates, processors, the modules of sentence-transformers.
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

// Everything but config.json, README.md, hidden files, weights and the state of a training. The
// folders that modules.json names are whole: weights in them are of those modules.
Beside files_beside(const std::filesystem::path& folder);

// The folders in a checkpoint that are known to be the model's own.
std::set<std::string> model_folders(const std::filesystem::path& folder);

}  // namespace braid
