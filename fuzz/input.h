// Bytes from libFuzzer as the files that a reader of braid opens.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>

#include "braid/error.h"

namespace braid {

// Between the files of an input that holds several: ASCII's record separator.
constexpr char file_separator = '\x1e';

// A folder of this process alone, gone with it.
class InputFolder {
 public:
  InputFolder() { std::filesystem::create_directories(path_); }
  ~InputFolder() { std::filesystem::remove_all(path_); }
  InputFolder(const InputFolder&) = delete;
  InputFolder& operator=(const InputFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

  void write(const char* name, std::string_view bytes) const {
    const int file = open((path_ / name).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const bool written = ::write(file, bytes.data(), bytes.size()) == std::ssize(bytes);
    close(file);
    if (!written) throw std::runtime_error("the input cannot be written");
  }

 private:
  std::filesystem::path path_ =
      std::filesystem::temp_directory_path() / ("braid-fuzz-" + std::to_string(getpid()));
};

// Gives read(folder) a folder with these bytes as the files `names`: the last has all that is left,
// and those that the bytes do not reach are not there. It may refuse them with Error; whatever else
// it throws ends the run as a crash does.
template <typename Read>
int read_input(const std::uint8_t* data, std::size_t size, std::initializer_list<const char*> names,
               Read&& read) {
  static const InputFolder folder;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  bool reached = true;
  for (const char* const& name : names) {
    if (!reached) {
      std::filesystem::remove(folder.path() / name);
      continue;
    }
    const bool last = &name + 1 == names.end();
    const std::size_t end = last ? rest.npos : rest.find(file_separator);
    folder.write(name, rest.substr(0, end));
    reached = end != rest.npos;
    if (reached) rest.remove_prefix(end + 1);
  }
  try {
    read(folder.path());
  } catch (const Error&) {
  }
  return 0;
}

}  // namespace braid
