// Patterns of Split and Replace: a string, or one of the regular expressions in published files.
#pragma once

#include <cstddef>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace braid {

// Length in bytes of the match at the start of `text` (valid UTF-8, not empty); 0 if none.
using Matcher = std::function<std::size_t(std::string_view text)>;

// Reads {"String": ...} or {"Regex": ...}. Throws on an unsupported expression.
Matcher read_matcher(const nlohmann::json& json, const std::string& source);

// Calls visit(part, matches) for every match and every part between matches, in order.
template <typename Visit>
void for_each_match(std::string_view text, const Matcher& pattern, Visit&& visit) {
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = pattern(text.substr(at));
    if (length == 0) {
      ++at;
      while (at < text.size() && (text[at] & 0xC0) == 0x80) ++at;
      continue;
    }
    if (begin < at) visit(text.substr(begin, at - begin), false);
    visit(text.substr(at, length), true);
    begin = at += length;
  }
  if (begin < text.size()) visit(text.substr(begin), false);
}

}  // namespace braid
