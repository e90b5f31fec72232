// Text files, as lines that are sequences, or whole. Text is UTF-8; a byte order mark and the \r
// of \r\n are no part of it. Error naming the line where it is none, and what it seems to be.
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

  // The next line that is not blank (white space only), without its end.
  std::optional<std::string> next();

  // The next line, with its \n if it has one, whatever the limit.
  std::optional<std::string> next_whole();

  std::int64_t lines() const { return lines_; }  // handed out so far
  std::int64_t bytes_read() const { return bytes_read_; }
  std::int64_t bytes() const { return bytes_; }  // of the file; 0 where it has no size (a pipe)

 private:
  std::filesystem::path path_;
  std::ifstream file_;
  std::int64_t limit_, number_ = 0, lines_ = 0, bytes_read_ = 0, bytes_ = 0;
};

// All of them. Error if there is none.
std::vector<std::string> read_lines(const std::filesystem::path& path, std::int64_t limit = 0);

// The text as it stands, blank lines and all; its first `lines` lines, 0 = all.
std::string read_text(const std::filesystem::path& path, std::int64_t lines = 0);

}  // namespace braid
