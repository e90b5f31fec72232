#include "braid/text/lines.h"

#include "braid/error.h"

namespace braid {

LineStream::LineStream(const std::filesystem::path& path, std::int64_t limit)
    : path_(path), limit_(limit) {
  require(limit >= 0, "{}: the number of lines to read must not be negative, found {}",
          path.string(), limit);
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
    const bool first = bytes_read_ == 0;
    bytes_read_ += static_cast<std::int64_t>(line.size()) + 1;
    if (first && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
    if (line.ends_with('\r')) line.pop_back();
    if (line.find_first_not_of(" \t\r\v\f") == std::string::npos) continue;
    ++lines_;
    return line;
  }
  require(!file_.bad(), "{}: reading failed after {} lines", path_.string(), lines_);
  return std::nullopt;
}

std::vector<std::string> read_lines(const std::filesystem::path& path, std::int64_t limit) {
  LineStream stream(path, limit);
  std::vector<std::string> lines;
  while (std::optional<std::string> line = stream.next()) lines.push_back(std::move(*line));
  require(!lines.empty(), "{}: expected lines of text, found none", path.string());
  return lines;
}

}  // namespace braid
