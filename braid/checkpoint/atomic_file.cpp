#include "braid/checkpoint/atomic_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>
#include <system_error>

#include "braid/checkpoint/beside.h"
#include "braid/error.h"

namespace braid {
namespace {

namespace fs = std::filesystem;

// Follows links, so that a link is kept and its target replaced; no trailing slash.
fs::path resolve_target(const fs::path& path) {
  require(!path.empty(), "cannot write to an empty path");
  const fs::path resolved = resolved_path(path);
  std::error_code error;
  require(fs::is_directory(resolved.parent_path(), error),
          "{}: cannot be written: {} is not a folder; create it first", path.string(),
          resolved.parent_path().string());
  return resolved;
}

// target.partial-<pid>, with -<n> appended while taken (left by a killed process).
fs::path name_partial(const fs::path& target, int attempt) {
  std::string name = fmt::format("{}.partial-{}", target.string(), ::getpid());
  if (attempt > 0) name += fmt::format("-{}", attempt);
  return name;
}
constexpr int kAttempts = 1000;

void sync_folder(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;  // unreadable folders cannot be synced; the rename is done
  ::fsync(descriptor);
  ::close(descriptor);
}

void rename_path(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    fail("{}: cannot rename {} to it: {}", to.string(), from.string(), std::strerror(errno));
  }
}

// True if `target` is a non-empty folder that may be replaced (it looks like a checkpoint), false
// if it is missing or empty, Error if it must not be replaced.
bool replaces_folder(const fs::path& target, bool overwrite) try {
  const std::string name = target.string();
  if (!fs::exists(target)) return false;
  require(fs::is_directory(target), "{}: exists and is not a folder; choose another path", name);
  if (fs::is_empty(target)) return false;
  require(overwrite, "{}: exists and is not empty; choose another folder or pass `overwrite`",
          name);
  const auto has = [&](const char* file) { return fs::is_regular_file(target / file); };
  // Models with a table are written without config.json, but with a card.
  require(
      has("config.json") ||
          (has("README.md") && (has("model.safetensors") || has("model.safetensors.index.json"))),
      "{}: not a checkpoint folder (no config.json); choose another folder, or remove it by hand",
      name);
  const std::set<std::string> known = model_folders(target);
  for (const auto& entry : fs::directory_iterator(target)) {
    const std::string inside = entry.path().filename().string();
    require(!entry.is_directory() || entry.is_symlink() || known.contains(inside),
            "{}: contains the folder {}, which is not part of a model; remove it by hand", name,
            inside);
  }
  return true;
} catch (const fs::filesystem_error& error) {
  fail("{}: {}", target.string(), error.code().message());
}

}  // namespace

void check_output_file(const fs::path& path) {
  const fs::path target = resolve_target(path);
  std::error_code error;
  require(!fs::exists(target, error) || fs::is_regular_file(target, error),
          "{}: exists and is not a regular file; choose another path", target.string());
}

void check_output_folder(const fs::path& path, bool overwrite) {
  replaces_folder(resolve_target(path), overwrite);
}

AtomicFile::AtomicFile(const fs::path& path) : target_(resolve_target(path)) {
  check_output_file(target_);
  for (int attempt = 0; attempt < kAttempts && descriptor_ < 0; ++attempt) {
    partial_ = name_partial(target_, attempt);
    descriptor_ = ::open(partial_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ < 0 && errno != EEXIST) break;
  }
  if (descriptor_ < 0) fail("{}: cannot be written: {}", target_.string(), std::strerror(errno));
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!partial_.empty()) ::unlink(partial_.c_str());
}

void AtomicFile::write(std::string_view bytes) {
  constexpr std::size_t kChunk = 64'000'000;
  do {
    throw_if_interrupted();
    const ssize_t written = ::write(descriptor_, bytes.data(), std::min(bytes.size(), kChunk));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("{}: cannot be written: {}", target_.string(), std::strerror(errno));
    bytes.remove_prefix(static_cast<std::size_t>(written));
  } while (!bytes.empty());
}

void AtomicFile::commit() {
  throw_if_interrupted();
  // Some file systems cannot sync (EINVAL); a full disk may surface only here.
  if (::fsync(descriptor_) != 0 && errno != EINVAL) {
    fail("{}: cannot be written: {}", target_.string(), std::strerror(errno));
  }
  const int closed = ::close(descriptor_);
  descriptor_ = -1;
  if (closed != 0) fail("{}: cannot be written: {}", target_.string(), std::strerror(errno));
  throw_if_interrupted();
  rename_path(partial_, target_);
  partial_.clear();
  sync_folder(target_.parent_path());
}

AtomicFolder::AtomicFolder(const fs::path& out, bool overwrite)
    : target_(resolve_target(out)), overwrite_(overwrite) {
  replaces_folder(target_, overwrite_);
  int failure = EEXIST;
  for (int attempt = 0; attempt < kAttempts && failure == EEXIST; ++attempt) {
    partial_ = name_partial(target_, attempt);
    failure = ::mkdir(partial_.c_str(), 0777) == 0 ? 0 : errno;
  }
  if (failure != 0) fail("{}: cannot be created: {}", target_.string(), std::strerror(failure));
}

AtomicFolder::~AtomicFolder() {
  std::error_code ignored;
  if (!partial_.empty()) fs::remove_all(partial_, ignored);
}

void AtomicFolder::commit() {
  throw_if_interrupted();
  sync_folder(partial_);
  if (replaces_folder(target_, overwrite_)) {  // checked again: it may have changed meanwhile
    // Swap, so that the old folder has the temporary name and is removed below.
    if (::renameat2(AT_FDCWD, partial_.c_str(), AT_FDCWD, target_.c_str(), RENAME_EXCHANGE) != 0) {
      if (errno != EINVAL && errno != ENOSYS) {
        fail("{}: cannot be replaced: {}", target_.string(), std::strerror(errno));
      }
      const fs::path old = partial_.string() + "-old";
      rename_path(target_, old);
      if (::rename(partial_.c_str(), target_.c_str()) != 0) {
        const int failure = errno;
        rename_path(old, target_);
        fail("{}: cannot be replaced: {}", target_.string(), std::strerror(failure));
      }
      partial_ = old;
    }
    std::error_code ignored;
    fs::remove_all(partial_, ignored);
  } else {
    rename_path(partial_, target_);  // fails unless missing or an empty folder
  }
  partial_.clear();
  sync_folder(target_.parent_path());
}

void write_file_atomically(const fs::path& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

fs::path resolved_path(const fs::path& path) {
  std::error_code error;
  fs::path resolved = fs::weakly_canonical(fs::absolute(path), error);
  if (error) fail("{}: {}", path.string(), error.message());
  return resolved.has_filename() ? resolved : resolved.parent_path();
}

fs::path state_beside(const fs::path& out, const std::string& stage) {
  return (out.has_filename() ? out : out.parent_path()).string() + "." + stage + ".safetensors";
}

}  // namespace braid
