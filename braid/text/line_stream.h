// LineStream: the lines of a text file one at a time, so that memory does not grow with the text.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

namespace braid {

class LineStream {
 public:
  // At most `limit` lines; 0 = all. Error if the file cannot be read.
  explicit LineStream(const std::filesystem::path& path, std::int64_t limit = 0);

  // The next line that is not blank, without its end and without a byte order mark.
  std::optional<std::string> next();

  std::int64_t lines() const { return lines_; }  // handed out so far
  std::int64_t bytes_read() const { return bytes_read_; }
  std::int64_t bytes() const { return bytes_; }  // of the file

 private:
  std::filesystem::path path_;
  std::ifstream file_;
  std::int64_t limit_, lines_ = 0, bytes_read_ = 0, bytes_ = 0;
};

}  // namespace braid
