// A folder that lives as long as a test, and what lies in it.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "braid/error.h"

namespace braid {

class TemporaryFolder : public ::testing::Test {
 protected:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "braid-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    folder = name;
  }
  ~TemporaryFolder() override { std::filesystem::remove_all(folder); }

  std::filesystem::path write(const std::string& name, std::string_view bytes) const {
    // ext4 flushes a file that is truncated and rewritten: slow over thousands of them.
    std::filesystem::remove(folder / name);
    std::ofstream(folder / name, std::ios::binary) << bytes;
    return folder / name;
  }

  static std::string read(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  static std::vector<std::string> list(const std::filesystem::path& place) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(place)) {
      names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  std::filesystem::path folder;
};

// The message of the Error that `action` throws; empty if none.
template <typename Action>
std::string error_of(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace braid
