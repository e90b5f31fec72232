// Where the sources are. In a file of its own, so that other clones' objects of the tests are the
// same.
#pragma once

#include <filesystem>

namespace braid {

extern const char* const project_folder;

inline std::filesystem::path in_project(const char* path) {
  return std::filesystem::path(project_folder) / path;
}

}  // namespace braid
