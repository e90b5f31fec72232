// Short names of folders for display: the last part of each path, or as many as make it unique.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace braid {

// runs/1/final/ and runs/2/final: "1/final", "2/final". Equal paths have equal names.
std::vector<std::string> folder_names(const std::vector<std::filesystem::path>& folders);

}  // namespace braid
