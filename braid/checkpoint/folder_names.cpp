#include "braid/checkpoint/folder_names.h"

#include <algorithm>

#include "braid/checkpoint/atomic_file.h"

namespace braid {
namespace {

namespace fs = std::filesystem;

// The last `parts` components of a path.
fs::path ending(fs::path path, int parts) {
  fs::path name = path.filename();
  while (--parts > 0 && path.parent_path().has_filename()) {
    path = path.parent_path();
    name = path.filename() / name;
  }
  return name;
}

}  // namespace

std::vector<std::string> folder_names(const std::vector<fs::path>& folders) {
  constexpr int most_parts = 64;
  std::vector<fs::path> paths;
  std::transform(folders.begin(), folders.end(), std::back_inserter(paths), resolved_path);
  std::vector<std::string> names;
  for (const fs::path& path : paths) {
    int parts = 1;
    const auto is_shared = [&] {
      return std::any_of(paths.begin(), paths.end(), [&](const fs::path& other) {
        return other != path && ending(other, parts) == ending(path, parts);
      });
    };
    while (parts < most_parts && is_shared()) ++parts;
    names.push_back(ending(path, parts).string());
  }
  return names;
}

}  // namespace braid
