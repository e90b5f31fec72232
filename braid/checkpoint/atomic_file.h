// Atomic output files and folders: written beside their target, synced, renamed into place.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "braid/checkpoint/interrupt.h"

namespace braid {

// A file being written; leaves nothing if destroyed before commit(). All failures (disk full, ...)
// are Errors naming the file and the system's reason.
class AtomicFile {
 public:
  // Error if `path` exists and is not a regular file. A symbolic link is followed and kept.
  explicit AtomicFile(const std::filesystem::path& path);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  // Writes in chunks of at most 64 MB; throws Interrupted between chunks.
  void write(std::string_view bytes);
  // Syncs and renames into place.
  void commit();

 private:
  PartialGuard guard_;
  std::filesystem::path target_;
  std::filesystem::path partial_;
  int descriptor_ = -1;
};

// A folder being built; leaves nothing if destroyed before commit().
class AtomicFolder {
 public:
  // `out` may be missing or an empty folder; with `overwrite`, also a checkpoint folder whose only
  // subfolders are a model's own (beside.h). Error otherwise.
  AtomicFolder(const std::filesystem::path& out, bool overwrite);
  AtomicFolder(const AtomicFolder&) = delete;
  AtomicFolder& operator=(const AtomicFolder&) = delete;
  ~AtomicFolder();

  // The temporary folder to write into.
  const std::filesystem::path& path() const { return partial_; }
  // Syncs, renames into place and removes the previous folder.
  void commit();

 private:
  PartialGuard guard_;
  std::filesystem::path target_;
  std::filesystem::path partial_;
  bool overwrite_;
};

// Throw the Error that writing there would fail with, before any work is done.
void check_output_file(const std::filesystem::path& path);
void check_output_folder(const std::filesystem::path& path, bool overwrite);

// Replaces the file's contents by `bytes`, or leaves it unchanged on failure. Error, Interrupted.
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

// The absolute path without links, trailing slashes and dots; need not exist. Error naming it.
std::filesystem::path resolved_path(const std::filesystem::path& path);

// OUT.<stage>.safetensors, the saved state of work towards the folder OUT, next to it even if given
// as "OUT/".
std::filesystem::path state_beside(const std::filesystem::path& out, const std::string& stage);

}  // namespace braid
