// Outputs, looked at before the work for them: what would make writing fail at the end, or would
// replace what the work reads, is found at the start.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace braid {

struct OutputPlan {
  bool overwrite = false;
  std::vector<std::filesystem::path> inputs;  // that are read for it; empty paths are none
};

// A file or folder that this process is about to write. While it lives no other process on this
// machine can claim the same place.
class OutputClaim {
 public:
  // Error where it is one of the inputs, is there and not to be overwritten, cannot be written, or
  // another process is at work on it.
  static OutputClaim file(const std::filesystem::path& path, const OutputPlan& use);
  // A folder may be replaced where it is a checkpoint (AtomicFolder).
  static OutputClaim folder(const std::filesystem::path& path, const OutputPlan& use);
  // One that is written into again and again, as a study's is.
  static OutputClaim shared_folder(const std::filesystem::path& path);

  OutputClaim(OutputClaim&& other) noexcept;
  OutputClaim& operator=(OutputClaim&&) = delete;
  ~OutputClaim();

 private:
  explicit OutputClaim(const std::filesystem::path& path);

  int socket_ = -1;
};

// Error where the place has not so many bytes free.
void require_space(const std::filesystem::path& path, std::int64_t bytes);

}  // namespace braid
