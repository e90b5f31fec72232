#include "braid/json/printable.h"

#include <fmt/format.h>

#include <algorithm>

namespace braid {

std::string printable(std::string_view text) {
  constexpr std::size_t kLongest = 200;
  std::string shown;
  for (const char c : text.substr(0, kLongest)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f) {
      shown += fmt::format("\\x{:02x}", byte);
    } else {
      shown += c;
    }
  }
  if (text.size() > kLongest) shown += "...";
  return shown;
}

std::string join_names(const std::vector<std::string>& names) {
  constexpr std::ptrdiff_t kMost = 5;
  const std::ptrdiff_t shown = std::min(kMost, std::ssize(names));
  std::vector<std::string> first(names.begin(), names.begin() + shown);
  for (std::string& name : first) name = printable(name);
  const std::string joined = fmt::format("{}", fmt::join(first, ", "));
  return shown == std::ssize(names)
             ? joined
             : fmt::format("{} and {} more", joined, std::ssize(names) - shown);
}

}  // namespace braid
