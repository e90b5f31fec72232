// braid's own sources, for tests of what may be written where.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/project_folder.h"

namespace braid {

struct Source {
  std::string name;  // braid/text/wordpiece.h
  std::string text;
};

// Headers and sources of these folders of the project.
inline std::vector<Source> sources(const std::vector<std::string>& folders) {
  const std::filesystem::path root = project_folder;
  std::vector<Source> found;
  for (const std::string& folder : folders) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
      const std::filesystem::path& path = entry.path();
      if (path.extension() != ".cpp" && path.extension() != ".h") continue;
      std::ifstream stream(path);
      found.push_back({std::filesystem::relative(path, root).generic_string(),
                       std::string(std::istreambuf_iterator<char>(stream), {})});
    }
  }
  return found;
}

// String literals of a source, without its comments.
inline std::vector<std::string> literals(const std::string& source) {
  std::vector<std::string> found;
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (source.compare(i, 2, "//") == 0) {
      i = std::min(source.find('\n', i), source.size());
    } else if (source[i] == '\'' && i + 2 < source.size()) {
      const std::size_t end = source[i + 1] == '\\' ? i + 3 : i + 2;
      if (end < source.size() && source[end] == '\'') i = end;  // not a digit separator
    } else if (source[i] == '"') {
      std::string text;
      for (++i; i < source.size() && source[i] != '"'; ++i) {
        const bool escaped = source[i] == '\\';
        if (escaped) ++i;
        text += escaped && source[i] == 'n' ? ' ' : source[i];
      }
      found.push_back(text);
    }
  }
  return found;
}

}  // namespace braid
