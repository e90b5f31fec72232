#include "braid/checkpoint/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "braid/error.h"
#include "braid/notice.h"

namespace braid {
namespace {

// False if the previous holder has removed the file since it was opened.
bool is_still_at(int descriptor, const std::filesystem::path& file) {
  struct stat opened {};
  struct stat present {};
  return ::fstat(descriptor, &opened) == 0 && ::stat(file.c_str(), &present) == 0 &&
         opened.st_dev == present.st_dev && opened.st_ino == present.st_ino;
}

}  // namespace

FileLock::FileLock(const std::filesystem::path& file, const std::filesystem::path& place)
    : file_(file) {
  do {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor_ < 0)
      fail("{}: cannot create {}: {}", place.string(), file.string(), std::strerror(errno));
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) continue;
    const int failure = errno;
    ::close(std::exchange(descriptor_, -1));
    require(failure != EWOULDBLOCK,
            "{}: being written by another run; wait for it or choose another path", place.string());
    ::unlink(file.c_str());
    notice("{}: cannot be locked ({}); do not let two runs write to it", place.string(),
           std::strerror(failure));
    return;
  } while (!is_still_at(descriptor_, file));
  removed_.emplace(file_.c_str());
}

// Removed while still locked, so that no other process can have opened and locked it meanwhile.
FileLock::~FileLock() {
  if (descriptor_ < 0) return;
  removed_.reset();  // before the path can be another process's
  ::unlink(file_.c_str());
  ::close(descriptor_);
}

}  // namespace braid
