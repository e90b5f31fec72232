// MappedFile: a regular file mapped as read-only memory. Tensors that alias it keep it alive
// through the shared pointer. Writing into such a tensor faults: clone it first.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace braid {

class MappedFile {
 public:
  // Error if `path` is missing, is not a regular file or cannot be mapped.
  static std::shared_ptr<const MappedFile> open(const std::filesystem::path& path);

  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  std::string_view bytes() const { return {data_, size_}; }
  // The path, for messages.
  const std::string& name() const { return name_; }

 private:
  MappedFile(std::string name, const char* data, std::size_t size);

  std::string name_;
  const char* data_;
  std::size_t size_;
};

// Error if the file is a Git LFS pointer instead of the weights.
void refuse_lfs_pointer(const MappedFile& file);

}  // namespace braid
