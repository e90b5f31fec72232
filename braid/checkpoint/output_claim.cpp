#include "braid/checkpoint/output_claim.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

#include "braid/checkpoint/atomic_file.h"
#include "braid/checkpoint/fingerprint.h"
#include "braid/error.h"

namespace braid {
namespace {

namespace fs = std::filesystem;

// Without links, trailing slashes and dots; it need not be there.
fs::path whole(const fs::path& path) {
  std::error_code error;
  fs::path resolved = fs::weakly_canonical(fs::absolute(path), error);
  if (error) fail("{}: {}", path.string(), error.message());
  return resolved.has_filename() ? resolved : resolved.parent_path();
}

void require_not_read(const fs::path& path, const OutputPlan& use) {
  const fs::path target = whole(path);
  for (const fs::path& input : use.inputs) {
    std::error_code error;
    const bool same =
        !input.empty() && (whole(input) == target || fs::equivalent(input, path, error));
    require(!same, "{}: is read for this and would be replaced; choose another place to write",
            path.string());
  }
}

// Where the parent folder is there, may files be made in it?
void require_writable(const fs::path& path) {
  const fs::path parent = whole(path).parent_path();
  std::error_code error;
  if (!fs::is_directory(parent, error)) return;
  if (::faccessat(AT_FDCWD, parent.c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
    fail("{}: cannot be written: {}: {}", path.string(), parent.string(), std::strerror(errno));
  }
}

}  // namespace

// The claim is a name in the kernel, which goes with the process and leaves no file behind.
OutputClaim::OutputClaim(const fs::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = "braid-" + fingerprint_text(whole(path).string());
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  socket_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket_ < 0) return;  // no sockets here, so no claims
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  if (::bind(socket_, reinterpret_cast<const sockaddr*>(&address), size) != 0 &&
      errno == EADDRINUSE) {
    ::close(std::exchange(socket_, -1));
    fail("{}: another run is at work on it; wait for it, or choose another place", path.string());
  }
}

OutputClaim::OutputClaim(OutputClaim&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)) {}

OutputClaim::~OutputClaim() {
  if (socket_ >= 0) ::close(socket_);
}

OutputClaim OutputClaim::file(const fs::path& path, const OutputPlan& use) {
  check_output_file(path);
  require_not_read(path, use);
  require_writable(path);
  std::error_code error;
  require(use.overwrite || !fs::exists(path, error),
          "{}: is there; choose another file, or `overwrite` it", path.string());
  return OutputClaim(path);
}

OutputClaim OutputClaim::folder(const fs::path& path, const OutputPlan& use) {
  require_not_read(path, use);
  check_output_folder(path, use.overwrite);
  require_writable(path);
  return OutputClaim(path);
}

OutputClaim OutputClaim::shared_folder(const fs::path& path) {
  require_writable(path);
  return OutputClaim(path);
}

void require_space(const fs::path& path, std::int64_t bytes) {
  struct statvfs found {};
  if (::statvfs(whole(path).parent_path().c_str(), &found) != 0) return;  // nobody knows
  const double free = static_cast<double>(found.f_bavail) * static_cast<double>(found.f_frsize);
  require(static_cast<double>(bytes) <= free,
          "{}: {:.1f} MB are to be written, but only {:.1f} MB are free there", path.string(),
          static_cast<double>(bytes) / 1e6, free / 1e6);
}

}  // namespace braid
