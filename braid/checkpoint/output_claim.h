// What a piece of work reads and writes, held against each other before it begins: what would make
// writing fail at the end, or would replace what is read, is found at the start.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace braid {

// How something is written.
enum class Place {
  file,        // replaces a file that is there
  new_file,    // only where `overwrite` says so
  checkpoint,  // a folder, as a whole; replaces a checkpoint where `overwrite` says so
  folder,      // into a folder, which is made where it is missing
};

struct PlannedOutput {
  std::filesystem::path path;  // empty: nothing
  Place place = Place::file;
  std::vector<std::string> names = {};  // patterns of the files that are written into a folder
};

struct FilePlan {
  std::vector<std::filesystem::path> inputs;  // files and folders; empty paths are none
  std::vector<PlannedOutput> outputs;
  bool overwrite = false;

  void add(const FilePlan& more);
  // Error where an input is a pipe, or where an output is an input or a model's file in one, would
  // take an input or another output with it, is there and is to stay, or cannot be written.
  void check() const;
};

// A file or folder that this process is about to write. While it lives no other process on this
// machine can claim the same place.
class OutputClaim {
 public:
  // Error where another process is at work on it.
  explicit OutputClaim(const std::filesystem::path& path);
  OutputClaim(OutputClaim&& other) noexcept;
  OutputClaim& operator=(OutputClaim&&) = delete;
  ~OutputClaim();

 private:
  int socket_ = -1;
};

// Error where the place has not so many bytes free.
void require_space(const std::filesystem::path& path, std::int64_t bytes);

}  // namespace braid
