#include "braid/text/line_stream.h"

#include "braid/error.h"

namespace braid {

LineStream::LineStream(const std::filesystem::path& path, std::int64_t limit)
    : path_(path), limit_(limit) {
  std::error_code ignored;
  require(std::filesystem::exists(path, ignored), "{}: no such file", path.string());
  require(!std::filesystem::is_directory(path, ignored), "{}: expected a text file, found a folder",
          path.string());
  file_.open(path, std::ios::binary);
  require(file_.is_open(), "{}: cannot be opened; check its permissions", path.string());
  if (std::filesystem::is_regular_file(path, ignored)) {
    bytes_ = static_cast<std::int64_t>(std::filesystem::file_size(path, ignored));
  }
}

std::optional<std::string> LineStream::next() {
  std::string line;
  while ((limit_ == 0 || lines_ < limit_) && std::getline(file_, line)) {
    if (bytes_read_ == 0 && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
    bytes_read_ += static_cast<std::int64_t>(line.size()) + 1;
    if (line.ends_with('\r')) line.pop_back();
    if (line.find_first_not_of(" \t\r\v\f") == std::string::npos) continue;
    ++lines_;
    return line;
  }
  require(!file_.bad(), "{}: reading failed after {} lines", path_.string(), lines_);
  return std::nullopt;
}

}  // namespace braid
