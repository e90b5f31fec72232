// Text files as lines: one line is one sequence.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

namespace braid {

// The lines of a file one at a time, so that memory does not grow with the text.
class LineStream {
 public:
  // At most `limit` lines; 0 = all. Error if the file cannot be read.
  explicit LineStream(const std::filesystem::path& path, std::int64_t limit = 0);

  // The next line that is not blank (white space only), without its end (\n or \r\n) and without a
  // UTF-8 byte order mark.
  std::optional<std::string> next();

  std::int64_t lines() const { return lines_; }  // handed out so far
  std::int64_t bytes_read() const { return bytes_read_; }
  std::int64_t bytes() const { return bytes_; }  // of the file; 0 where it has no size (a pipe)

 private:
  std::filesystem::path path_;
  std::ifstream file_;
  std::int64_t limit_, lines_ = 0, bytes_read_ = 0, bytes_ = 0;
};

// All of them. Error if there is none.
std::vector<std::string> read_lines(const std::filesystem::path& path, std::int64_t limit = 0);

}  // namespace braid
