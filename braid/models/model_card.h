// README.md (model card) of a written folder.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace braid {

struct ModelCard {
  std::string text;                                     // Markdown
  std::vector<std::filesystem::path> base_models = {};  // folders of its parents
  std::string relation = {};  // to these, in the hub's terms: merge, finetune
  bool sentences = false;     // a sentence-transformers folder
  bool tabled = false;        // its architecture is a table: no library loads it
};

// The text of a card: a title, the command that wrote the folder, and a description.
std::string written_by(const std::string& title, const std::string& command,
                       const std::string& said);

// Adds the metadata read by the Hugging Face hub: library_name, base_model, tags. A base model is
// named by its repository if its folder is a snapshot in the hub's cache, otherwise by its folder.
std::string readme(const ModelCard& card);

}  // namespace braid
