#include "braid/models/model_card.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "braid/json/json_text.h"
#include "braid/text/basic_tokens.h"

namespace braid {
namespace {

namespace fs = std::filesystem;

// As far as the hub takes a name.
std::string name_of(const fs::path& part) {
  std::string name = part.string();
  for (char& c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (!std::isalnum(byte) && c != '.' && c != '_') c = '-';
  }
  return name;
}

fs::path whole(const fs::path& folder) {
  std::error_code unreadable;
  const fs::path path = fs::weakly_canonical(folder, unreadable);
  return path.has_filename() ? path : path.parent_path();
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

// "x/y" of /w/x/y and 2; all of it where it has no more.
std::string last_parts(const fs::path& path, std::size_t count) {
  fs::path last;
  for (fs::path at = path; count > 0 && at.has_filename(); at = at.parent_path(), --count) {
    last = last.empty() ? at.filename() : at.filename() / last;
  }
  return last.string();
}

std::vector<std::string> names_of(const std::vector<fs::path>& folders) {
  std::vector<std::string> names;
  for (const fs::path& folder : folders) {
    const std::string known = repository(folder);
    names.push_back(known.empty() ? name_of(whole(folder).filename()) : known);
  }
  const std::vector<std::string> plain = names;
  for (std::size_t k = 0; k < names.size(); ++k) {
    const fs::path path = whole(folders[k]);
    if (std::count(plain.begin(), plain.end(), plain[k]) < 2 || !repository(path).empty()) continue;
    const auto is_shared = [&](std::size_t count) {
      return std::any_of(folders.begin(), folders.end(), [&](const fs::path& other) {
        return whole(other) != path && last_parts(whole(other), count) == last_parts(path, count);
      });
    };
    std::size_t count = 2;
    while (is_shared(count)) ++count;
    const std::string above = last_parts(path.parent_path(), count - 1);
    if (!above.empty()) names[k] = name_of(above) + "/" + names[k];
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
  std::string repaired;  // paths in it are bytes, which readers of cards do not take
  return std::string(repair_utf8(text, repaired));
}

}  // namespace braid
