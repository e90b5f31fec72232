// Files and folders that appear whole or not at all: written beside their place, synced, renamed.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "braid/checkpoint/interrupt.h"

namespace braid {

// A file being written. Destroyed before commit(), it leaves nothing. All failures (disk full, ...)
// are Errors naming the file and the system's reason.
class AtomicFile {
 public:
  // Error if `path` is there and not a regular file. A link is followed, and stays.
  explicit AtomicFile(const std::filesystem::path& path);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  // In chunks of at most 64 MB; Interrupted between them.
  void write(std::string_view bytes);
  // Syncs and renames into place.
  void commit();

 private:
  PartialGuard guard_;
  std::filesystem::path target_;
  std::filesystem::path partial_;
  int descriptor_ = -1;
};

// A folder being built. Destroyed before commit(), it leaves nothing.
class AtomicFolder {
 public:
  // `out` may be missing or an empty folder; with `overwrite`, also a folder that has a config.json
  // and no folders but a model's own (beside.h). Error otherwise.
  AtomicFolder(const std::filesystem::path& out, bool overwrite);
  AtomicFolder(const AtomicFolder&) = delete;
  AtomicFolder& operator=(const AtomicFolder&) = delete;
  ~AtomicFolder();

  // Where to write meanwhile.
  const std::filesystem::path& path() const { return partial_; }
  // Syncs, renames into place and removes what was there.
  void commit();

 private:
  PartialGuard guard_;
  std::filesystem::path target_;
  std::filesystem::path partial_;
  bool overwrite_;
};

// The Error that writing there would end in, before the work for it is done.
void check_output_file(const std::filesystem::path& path);
void check_output_folder(const std::filesystem::path& path, bool overwrite);

// Replaces the file's contents by `bytes`, or leaves it as it was. Error, Interrupted.
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

// The path without links, trailing slashes and dots; nothing need be there. Error naming it.
std::filesystem::path resolved_path(const std::filesystem::path& path);

// OUT.<stage>.safetensors, where work towards a folder keeps its state: beside it, however it is
// written ("OUT/").
std::filesystem::path state_beside(const std::filesystem::path& out, const std::string& stage);

}  // namespace braid
