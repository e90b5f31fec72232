#include "braid/models/model_card.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "braid/checkpoint/folder_names.h"
#include "braid/json/json_text.h"
#include "braid/text/basic_tokens.h"

namespace braid {
namespace {

namespace fs = std::filesystem;

// Restricted to the characters that the hub allows.
std::string name_of(const fs::path& part) {
  std::string name = part.string();
  for (char& c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (!std::isalnum(byte) && c != '.' && c != '_') c = '-';
  }
  return name;
}

// .../models--<organisation>--<name>/snapshots/<commit>
std::string repository(const fs::path& folder) {
  const fs::path path = fs::absolute(folder).lexically_normal();
  for (fs::path place = path; place.has_relative_path(); place = place.parent_path()) {
    const std::string name = place.filename().string(), prefix = "models--";
    if (!name.starts_with(prefix)) continue;
    const std::size_t border = name.find("--", prefix.size());
    if (border == std::string::npos) return name.substr(prefix.size());
    return name.substr(prefix.size(), border - prefix.size()) + "/" + name.substr(border + 2);
  }
  return "";
}

std::vector<std::string> names_of(const std::vector<fs::path>& folders) {
  std::vector<std::string> names = folder_names(folders);
  for (std::size_t k = 0; k < names.size(); ++k) {
    const std::string known = repository(folders[k]);
    const fs::path path = names[k], above = path.parent_path();
    names[k] = (above.empty() ? "" : name_of(above) + "/") + name_of(path.filename());
    if (!known.empty()) names[k] = known;
  }
  return names;
}

std::string listed(const std::string& key, const std::vector<std::string>& values) {
  std::string text = key + ":\n";
  for (const std::string& value : values) text += "- " + to_text(value) + "\n";
  return text;
}

}  // namespace

std::string written_by(const std::string& title, const std::string& command,
                       const std::string& said) {
  return fmt::format("# {}\n\nWritten by\n\n```\n{}\n```\n\n{}\n", title, command, said);
}

std::string readme(const ModelCard& card) {
  std::string text = "---\n";
  if (!card.tabled) {
    text += std::string("library_name: ") +
            (card.sentences ? "sentence-transformers\npipeline_tag: sentence-similarity\n"
                            : "transformers\n");
  }
  std::vector<std::string> names = names_of(card.base_models);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  if (!names.empty()) text += listed("base_model", names);
  if (!card.relation.empty()) text += "base_model_relation: " + card.relation + "\n";
  std::vector<std::string> tags = {"braid"};
  if (card.relation == "merge") tags.emplace_back("merge");
  if (card.sentences) tags.insert(tags.end(), {"sentence-transformers", "feature-extraction"});
  text += listed("tags", tags) + "---\n" + card.text;
  std::string repaired;  // paths are arbitrary bytes, cards must be UTF-8
  return std::string(repair_utf8(text, repaired));
}

}  // namespace braid
