#include "braid/checkpoint/output_claim.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "braid/checkpoint/atomic_file.h"
#include "braid/checkpoint/beside.h"
#include "braid/error.h"

namespace braid {
namespace {

namespace fs = std::filesystem;

bool same(const fs::path& a, const fs::path& b) {
  std::error_code absent;
  return resolved_path(a) == resolved_path(b) || fs::equivalent(a, b, absent);
}

// True if `path` is inside `folder`, at any depth.
bool is_in(const fs::path& path, const fs::path& folder) {
  const fs::path inner = resolved_path(path), outer = resolved_path(folder);
  return inner != outer &&
         std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

// True if writing the output would replace or remove `path`.
bool covers(const PlannedOutput& output, const fs::path& path) {
  if (same(output.path, path)) return true;
  if (!is_in(path, output.path)) return false;
  if (output.place == Place::checkpoint) return true;
  const std::string inside = fs::relative(resolved_path(path), resolved_path(output.path)).string();
  return std::any_of(output.names.begin(), output.names.end(), [&](const std::string& pattern) {
    return ::fnmatch(pattern.c_str(), inside.c_str(), 0) == 0;
  });
}

// The model file in `folder` that writing to `path` would replace or add, also through a link;
// empty if none.
fs::path model_file_at(const fs::path& path, const fs::path& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) return {};
  if (is_in(path, folder)) {
    const fs::path inside = fs::relative(resolved_path(path), resolved_path(folder));
    const bool at_top = !inside.has_parent_path();
    if (at_top ? belongs_to_model(inside.string())
               : model_folders(folder).contains(inside.begin()->string())) {
      return path;
    }
  }
  if (!fs::exists(path, error)) return {};
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const bool is_it = belongs_to_model(entry.path().filename().string()) &&
                       fs::equivalent(entry.path(), path, error);
    if (is_it) return entry.path();
  }
  return {};
}

void require_not_read(const PlannedOutput& output, const fs::path& input) {
  const std::string name = output.path.string();
  require(!same(output.path, input), "{}: this output would replace an input; choose another path",
          name);
  require(!covers(output, input),
          "{}: this output would replace the input {} inside it; choose another path", name,
          input.string());
  if (output.place == Place::checkpoint || output.place == Place::folder) return;
  const fs::path file = model_file_at(output.path, input);
  require(file.empty(),
          "{}: this output would change the input {}, whose file it is; choose another path", name,
          input.string());
}

void require_apart(const PlannedOutput& output, const PlannedOutput& other) {
  require(!same(output.path, other.path),
          "{}: two outputs would be written there; choose different paths", output.path.string());
  for (const auto& [outer, inner] : {std::pair(&output, &other), std::pair(&other, &output)}) {
    require(!covers(*outer, inner->path),
            "{}: this output is inside another, {}, which would replace it; choose another path",
            inner->path.string(), outer->path.string());
  }
}

// A pipe can be read only once, and most inputs are read several times.
void require_readable_again(const fs::path& input) {
  std::error_code error;
  const fs::file_status found = fs::status(input, error);
  require(
      !fs::exists(found) || fs::is_regular_file(found) || fs::is_directory(found),
      "{}: a {} cannot be read twice, expected a regular file; save its contents to a file first",
      input.string(), fs::is_fifo(found) ? "pipe" : "device");
}

// Error unless files can be created in the nearest existing parent folder.
void require_writable(const fs::path& path) {
  fs::path parent = resolved_path(path).parent_path();
  std::error_code error;
  while (!fs::exists(parent, error) && parent.has_relative_path()) parent = parent.parent_path();
  if (!fs::is_directory(parent, error)) {
    fail("{}: cannot be written: {} is not a folder", path.string(), parent.string());
  }
  if (::faccessat(AT_FDCWD, parent.c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
    fail("{}: cannot be written: {}: {}", path.string(), parent.string(), std::strerror(errno));
  }
}

void require_possible(const PlannedOutput& output, bool overwrite) {
  const fs::path& path = output.path;
  std::error_code error;
  switch (output.place) {
    case Place::file:
    case Place::new_file:
      check_output_file(path);
      require(overwrite || output.place == Place::file || !fs::exists(path, error),
              "{}: already exists; choose another path or pass `overwrite`", path.string());
      break;
    case Place::checkpoint:
      check_output_folder(path, overwrite);
      break;
    case Place::folder:
      require(!fs::exists(path, error) || fs::is_directory(path, error),
              "{}: exists and is not a folder; choose another path", path.string());
      break;
  }
  require_writable(output.place == Place::folder && fs::exists(path, error) ? path / "x" : path);
}

}  // namespace

void FilePlan::add(const FilePlan& other) {
  inputs.insert(inputs.end(), other.inputs.begin(), other.inputs.end());
  outputs.insert(outputs.end(), other.outputs.begin(), other.outputs.end());
  overwrite |= other.overwrite;
}

void FilePlan::check() const {
  FilePlan named = *this;
  std::erase_if(named.inputs, [](const fs::path& input) { return input.empty(); });
  std::erase_if(named.outputs, [](const PlannedOutput& output) { return output.path.empty(); });
  for (const fs::path& input : named.inputs) require_readable_again(input);
  for (auto output = named.outputs.begin(); output != named.outputs.end(); ++output) {
    for (const fs::path& input : named.inputs) require_not_read(*output, input);
    for (auto other = named.outputs.begin(); other != output; ++other)
      require_apart(*output, *other);
  }
  for (const PlannedOutput& output : named.outputs) require_possible(output, overwrite);
}

OutputClaim::OutputClaim(const fs::path& path) {
  if (path.empty()) return;
  const fs::path resolved = resolved_path(path), parent = resolved.parent_path();
  std::error_code error;
  fs::create_directories(parent, error);  // of a folder that the work will create
  lock_.emplace(parent / ("." + resolved.filename().string() + ".lock"), path);
}

void require_space(const fs::path& path, std::int64_t bytes) {
  struct statvfs found {};
  if (::statvfs(resolved_path(path).parent_path().c_str(), &found) != 0) return;  // unknown
  const double free = static_cast<double>(found.f_bavail) * static_cast<double>(found.f_frsize);
  require(static_cast<double>(bytes) <= free,
          "{}: {:.1f} MB needed, but only {:.1f} MB are free there", path.string(),
          static_cast<double>(bytes) / 1e6, free / 1e6);
}

}  // namespace braid
