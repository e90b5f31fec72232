// Patterns, which Split cuts a text at and Replace replaces: a string, or one of the regular
// expressions that published files use.
#pragma once

#include <cstddef>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace braid {

// The length in bytes of the match that valid UTF-8 text (not empty) begins with; 0: none.
using Matcher = std::function<std::size_t(std::string_view text)>;

// Of {"String": ...} or {"Regex": ...}. Error quoting an expression that is not known.
Matcher read_matcher(const nlohmann::json& json, const std::string& source);

// Calls visit(part, matches) for every match and for what lies between them, in order.
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
