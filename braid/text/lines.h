// Text files as lines: one line is one sequence.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

namespace braid {

// The first `limit` lines of the file that are not blank (white space only), without line ends
// (\n or \r\n) and without a UTF-8 byte order mark. Throws Error if the file cannot be read or has
// no such line.
std::vector<std::string> read_lines(const std::filesystem::path& path,
                                    std::int64_t limit = std::numeric_limits<std::int64_t>::max());

}  // namespace braid
