// The README.md of a written folder.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace braid {

struct ModelCard {
  std::string text;                                     // Markdown
  std::vector<std::filesystem::path> base_models = {};  // folders that it was made of
  std::string relation = {};  // to them, as the hub has it: merge, finetune
  bool sentences = false;     // a folder of sentence-transformers
  bool tabled = false;        // of no library: its architecture is a table
};

// The text of a card: a title, the command that wrote the folder, and what there is to say.
std::string written_by(const std::string& title, const std::string& command,
                       const std::string& said);

// With the metadata that the Hugging Face hub reads: library_name, base_model, tags. A base model
// is called by its repository where its folder is a snapshot in the hub's cache, otherwise by its
// folder.
std::string readme(const ModelCard& card);

}  // namespace braid
