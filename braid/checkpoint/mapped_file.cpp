#include "braid/checkpoint/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "braid/error.h"

namespace braid {

std::shared_ptr<const MappedFile> MappedFile::open(const std::filesystem::path& path) {
  const std::string name = path.string();
  // O_NONBLOCK: a named pipe must not hang the open.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) fail("{}: cannot be read: {}", name, std::strerror(errno));
  const struct Closer {
    int descriptor;
    ~Closer() { ::close(descriptor); }
  } closer{descriptor};
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) fail("{}: {}", name, std::strerror(errno));
  require(S_ISREG(status.st_mode), "{}: expected a regular file", name);
  const auto size = static_cast<std::size_t>(status.st_size);
  const char* data = nullptr;
  if (size > 0) {
    void* mapped = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (mapped == MAP_FAILED) {
      fail("{}: {} bytes cannot be mapped: {}", name, size, std::strerror(errno));
    }
    data = static_cast<const char*>(mapped);
  }
  return std::shared_ptr<const MappedFile>(new MappedFile(name, data, size));
}

MappedFile::MappedFile(std::string name, const char* data, std::size_t size)
    : name_(std::move(name)), data_(data), size_(size) {}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<char*>(data_), size_);
}

void refuse_lfs_pointer(const MappedFile& file) {
  require(!file.bytes().starts_with("version https://git-lfs"),
          "{}: a Git LFS pointer, not the weights; fetch them with `git lfs pull`", file.name());
}

}  // namespace braid
