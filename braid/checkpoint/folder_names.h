// Names of folders for people: the last part of each path, or as many as tell them apart.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace braid {

// runs/1/final/ and runs/2/final: "1/final", "2/final". The same path twice keeps one name.
std::vector<std::string> folder_names(const std::vector<std::filesystem::path>& folders);

}  // namespace braid
