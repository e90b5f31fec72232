#include "braid/text/lines.h"

#include <array>

#include "braid/error.h"
#include "braid/text/basic_tokens.h"

namespace braid {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// First bytes of files in other formats, and the command that converts them.
struct Opening {
  std::string_view bytes;
  const char *format, *command;
};
constexpr std::array openings = {
    Opening{"\xFF\xFE", "UTF-16", "iconv -f UTF-16 -t UTF-8"},
    Opening{"\xFE\xFF", "UTF-16", "iconv -f UTF-16 -t UTF-8"},
    Opening{"\x1F\x8B", "compressed (gzip)", "gunzip"},
    Opening{"BZh", "compressed (bzip2)", "bunzip2"},
    Opening{"\xFD"
            "7zXZ",
            "compressed (xz)", "unxz"},
    Opening{"\x28\xB5\x2F\xFD", "compressed (zstd)", "unzstd"},
    Opening{"PK\x03\x04", "a zip archive", "unzip"},
};

void check_opening(const std::string& path, std::string_view line) {
  for (const Opening& opening : openings) {
    require(!line.starts_with(opening.bytes),
            "{}: is {}, expected text in UTF-8; convert it first: {}", path, opening.format,
            opening.command);
  }
}

void check(const std::string& path, std::int64_t number, std::string_view line) {
  require(line.find('\0') == std::string_view::npos,
          "{}: line {} has a NUL byte; expected text in UTF-8, not UTF-16 or a binary file", path,
          number);
  require(is_valid_utf8(line),
          "{}: line {} is not UTF-8; convert the text first, for example with iconv -f LATIN1 -t "
          "UTF-8",
          path, number);
}

}  // namespace

LineStream::LineStream(const std::filesystem::path& path, std::int64_t limit)
    : path_(path), limit_(limit) {
  require(limit >= 0, "{}: the number of lines to read is {}, expected at least 0", path.string(),
          limit);
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

std::optional<std::string> LineStream::next_whole() {
  std::string line;
  if (!std::getline(file_, line)) {
    require(!file_.bad(), "{}: reading failed after {} lines", path_.string(), number_);
    return std::nullopt;
  }
  bytes_read_ += static_cast<std::int64_t>(line.size()) + 1;
  if (++number_ == 1) {
    check_opening(path_.string(), line);
    if (line.starts_with(byte_order_mark)) line.erase(0, byte_order_mark.size());
  }
  check(path_.string(), number_, line);
  if (line.ends_with('\r')) line.pop_back();
  if (!file_.eof()) line += '\n';
  return line;
}

std::optional<std::string> LineStream::next() {
  if (limit_ > 0 && lines_ >= limit_) return std::nullopt;
  while (std::optional<std::string> line = next_whole()) {
    if (line->ends_with('\n')) line->pop_back();
    if (line->find_first_not_of(" \t\r\v\f") == std::string::npos) continue;
    ++lines_;
    return line;
  }
  return std::nullopt;
}

std::vector<std::string> read_lines(const std::filesystem::path& path, std::int64_t limit) {
  LineStream stream(path, limit);
  std::vector<std::string> lines;
  while (std::optional<std::string> line = stream.next()) lines.push_back(std::move(*line));
  require(!lines.empty(), "{}: expected lines of text, found none", path.string());
  return lines;
}

std::string read_text(const std::filesystem::path& path, std::int64_t lines) {
  LineStream stream(path);
  std::string text;
  for (std::int64_t i = 0; lines == 0 || i < lines; ++i) {
    const std::optional<std::string> line = stream.next_whole();
    if (!line) break;
    text += *line;
  }
  return text;
}

}  // namespace braid
