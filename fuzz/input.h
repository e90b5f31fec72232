// Bytes from libFuzzer as the file that a reader of braid opens.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "braid/error.h"

namespace braid {

// A folder in memory, of this process alone, gone with it.
class InputFolder {
 public:
  InputFolder() { std::filesystem::create_directories(path_); }
  ~InputFolder() { std::filesystem::remove_all(path_); }
  InputFolder(const InputFolder&) = delete;
  InputFolder& operator=(const InputFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_ =
      std::filesystem::path("/dev/shm") / ("braid-fuzz-" + std::to_string(getpid()));
};

// Gives read(folder) a folder with these bytes as the file `name`. It may refuse them with Error;
// whatever else it throws ends the run as a crash does.
template <typename Read>
int read_input(const std::uint8_t* data, std::size_t size, const char* name, Read&& read) {
  static const InputFolder folder;
  {
    std::ofstream file(folder.path() / name, std::ios::binary | std::ios::trunc);
    file.write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  }
  try {
    read(folder.path());
  } catch (const Error&) {
  }
  return 0;
}

}  // namespace braid
