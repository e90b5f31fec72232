#include "braid/text/lines.h"

#include <fstream>
#include <string_view>

#include "braid/error.h"

namespace braid {

std::vector<std::string> read_lines(const std::filesystem::path& path, std::int64_t limit) {
  require(limit > 0, "{}: the number of lines to read must be 1 or more, found {}", path.string(),
          limit);
  std::error_code ignored;
  require(std::filesystem::exists(path, ignored), "{}: no such file", path.string());
  require(!std::filesystem::is_directory(path, ignored), "{}: expected a text file, found a folder",
          path.string());
  std::ifstream file(path, std::ios::binary);
  require(file.is_open(), "{}: cannot be opened; check its permissions", path.string());
  std::vector<std::string> lines;
  std::string line;
  bool first = true;
  while (static_cast<std::int64_t>(lines.size()) < limit && std::getline(file, line)) {
    if (first && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
    first = false;
    if (line.ends_with('\r')) line.pop_back();
    if (line.find_first_not_of(" \t\r\v\f") != std::string::npos) lines.push_back(line);
  }
  require(!file.bad(), "{}: reading failed after {} lines", path.string(), lines.size());
  require(!lines.empty(), "{}: expected lines of text, found none", path.string());
  return lines;
}

}  // namespace braid
