// Reads text files, by line or whole. Text is UTF-8; a byte order mark and the \r of \r\n are
// dropped. Other text is an Error that names the line and the likely format.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

namespace braid {

// Reads a file line by line, so that memory does not grow with the text.
class LineStream {
 public:
  // Reads at most `limit` lines; 0 = all. Throws if the file cannot be read.
  explicit LineStream(const std::filesystem::path& path, std::int64_t limit = 0);

  // The next line that is not blank (white space only), without its line end.
  std::optional<std::string> next();

  // The next line with its \n, if it has one; ignores the limit.
  std::optional<std::string> next_whole();

  std::int64_t lines() const { return lines_; }  // returned so far
  std::int64_t bytes_read() const { return bytes_read_; }
  std::int64_t bytes() const { return bytes_; }  // of the file; 0 if it has no size (a pipe)

 private:
  std::filesystem::path path_;
  std::ifstream file_;
  std::int64_t limit_, number_ = 0, lines_ = 0, bytes_read_ = 0, bytes_ = 0;
};

// All non-blank lines, or the first `limit`. Throws if there are none.
std::vector<std::string> read_lines(const std::filesystem::path& path, std::int64_t limit = 0);

// The text including blank lines, or its first `lines` lines (0 = all).
std::string read_text(const std::filesystem::path& path, std::int64_t lines = 0);

}  // namespace braid
