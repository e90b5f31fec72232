// An exclusive lock on a path, held by one process at a time, also across containers that share the
// folder.
#pragma once

#include <filesystem>
#include <optional>

#include "braid/checkpoint/interrupt.h"

namespace braid {

// flock on a file of its own, which is removed with the lock, also on a signal; the kernel releases
// the lock of a killed process.
class FileLock {
 public:
  // Locks `file`, created if missing, for writing to `place`. Error naming `place` if another
  // process holds it. A notice, and no lock, where the file system has none.
  FileLock(const std::filesystem::path& file, const std::filesystem::path& place);
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock();

 private:
  std::filesystem::path file_;
  int descriptor_ = -1;
  std::optional<RemovedOnSignal> removed_;
};

}  // namespace braid
