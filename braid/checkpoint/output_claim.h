// Inputs and outputs of a command, checked against each other before any work: writes that would
// fail at the end or would replace an input are refused at the start.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "braid/checkpoint/file_lock.h"

namespace braid {

// How an output is written.
enum class Place {
  file,        // a file; replaces an existing one
  new_file,    // a file; replaces an existing one only with `overwrite`
  checkpoint,  // a whole folder; replaces an existing checkpoint only with `overwrite`
  folder,      // files in a folder, created if missing
};

struct PlannedOutput {
  std::filesystem::path path;  // ignored if empty
  Place place = Place::file;
  std::vector<std::string> names = {};  // patterns of the files written into a folder
};

struct FilePlan {
  std::vector<std::filesystem::path> inputs;  // files and folders; empty paths are ignored
  std::vector<PlannedOutput> outputs;
  bool overwrite = false;

  void add(const FilePlan& other);
  // Error if an input is a pipe, or an output is an input or a model file in an input folder,
  // contains an input or another output, exists and may not be replaced, or cannot be written.
  void check() const;
};

// Reserves a file or folder that this process is about to write, by a lock beside it: during its
// lifetime no other process can claim the same path.
class OutputClaim {
 public:
  // Error if claimed by another process. An empty path claims nothing.
  explicit OutputClaim(const std::filesystem::path& path);

 private:
  std::optional<FileLock> lock_;
};

// Error if the file system of `path` has fewer than `bytes` free.
void require_space(const std::filesystem::path& path, std::int64_t bytes);

}  // namespace braid
