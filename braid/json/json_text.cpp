#include "braid/json/json_text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include "braid/error.h"
#include "braid/json/printable.h"

namespace braid {
namespace {

using Json = nlohmann::json;

struct Word {
  std::string_view text;
  double value;
};

// Longest first: the second is part of the first.
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr std::array<Word, 3> kWords = {{{"-Infinity", -infinity},
                                         {"Infinity", infinity},
                                         {"NaN", std::numeric_limits<double>::quiet_NaN()}}};

// The library has no such numbers: they are passed through it as strings starting with this
// character. Strings in the file that start with it (as \u0001) get it twice.
constexpr char kMark = '\x01';
constexpr std::string_view kEscapedMark = "\\u0001";

std::string marked(const Word& word) { return kMark + std::string(word.text); }

const Word* word_at(std::string_view text) {
  for (const Word& word : kWords) {
    if (text.starts_with(word.text)) return &word;
  }
  return nullptr;
}

// Position after the string that opens at `begin`.
std::size_t end_of_string(std::string_view text, std::size_t begin) {
  std::size_t i = begin + 1;
  while (i < text.size() && text[i] != '"') i += text[i] == '\\' ? 2 : 1;
  return std::min(i + 1, text.size());
}

bool is_key(std::string_view text, std::size_t end) {
  const std::size_t next = text.find_first_not_of(" \t\r\n", end);
  return next != text.npos && text[next] == ':';
}

struct Marked {
  std::string text;
  std::vector<std::pair<std::size_t, std::size_t>> places;  // positions in it and in the original

  // Position in the original of a byte of it.
  std::size_t original(std::size_t byte) const {
    const auto after = std::upper_bound(places.begin(), places.end(), std::pair(byte, text.npos));
    if (after == places.begin()) return byte;
    return std::prev(after)->second + (byte - std::prev(after)->first);
  }
};

Marked with_marks(std::string_view text) {
  Marked result;
  std::size_t grown = 0;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i + 1;
    const Word* word = word_at(text.substr(i));
    if (text[i] == '"') {
      end = end_of_string(text, i);
      const bool doubled = text.substr(i + 1).starts_with(kEscapedMark) && !is_key(text, end);
      if (doubled) result.text.append("\"").append(kEscapedMark);
      result.text += text.substr(i + doubled, end - i - doubled);
    } else if (word && !is_key(text, i + word->text.size())) {
      end = i + word->text.size();
      result.text += Json(marked(*word)).dump();
    } else {
      result.text += text[i];
    }
    const bool moved = result.text.size() - grown != end;
    i = end;
    if (moved) {
      grown = result.text.size() - end;
      result.places.emplace_back(result.text.size(), end);
    }
  }
  return result;
}

// The line (from 1) of the n-th string of valid JSON.
std::int64_t line_of_string(std::string_view text, std::int64_t n) {
  std::int64_t line = 1, quotes = 0;
  for (std::size_t i = 0; i < text.size() && quotes < 2 * n - 1; ++i) {
    line += text[i] == '\n';
    quotes += text[i] == '"';
    if (text[i] == '\\') ++i;
  }
  return line;
}

// Restores the number that a string stands for, or the original string.
void unmark(Json& value) {
  auto& text = value.get_ref<std::string&>();
  if (text.empty() || text.front() != kMark) return;
  if (text.size() > 1 && text[1] == kMark) {
    text.erase(0, 1);
    return;
  }
  for (const Word& word : kWords) {
    if (text == marked(word)) {
      value = word.value;
      return;
    }
  }
}

void mark(Json& value, const std::string& with) {
  if (value.is_structured()) {
    for (Json& inner : value) mark(inner, with);
  } else if (value.is_number_float() && !std::isfinite(value.get<double>())) {
    const double number = value.get<double>();
    value = with + std::string(kWords[std::isnan(number) ? 2 : number > 0 ? 1 : 0].text);
  }
}

}  // namespace

Json parse_json(std::string_view text, std::string_view what, JsonLimits limits, KeyOrder* order) {
  using Event = Json::parse_event_t;
  std::vector<std::set<std::string>> keys;  // of the objects still open
  std::size_t values = 0;
  std::int64_t strings = 0;
  const bool python = text.find("NaN") != text.npos || text.find("Infinity") != text.npos;
  const Marked source = python ? with_marks(text) : Marked();
  const std::string_view parsed_text = python ? std::string_view(source.text) : text;
  const auto check = [&](int depth, Event event, Json& parsed) {
    require(++values <= limits.values, "{}: more than {} JSON values", what, limits.values);
    require(depth <= limits.depth, "{}: JSON nested deeper than {}", what, limits.depth);
    strings += parsed.is_string() && (event == Event::key || event == Event::value);
    if (event == Event::object_start) keys.emplace_back();
    if (event == Event::object_end) keys.pop_back();
    if (event == Event::key) {
      const auto& key = parsed.get_ref<const std::string&>();
      if (!keys.back().insert(key).second) {
        fail("{}: line {}: duplicate key \"{}\"", what, line_of_string(parsed_text, strings),
             printable(key));
      }
      if (order && depth <= 2) order->emplace_back(depth, key);
    }
    if (python && event == Event::value && parsed.is_string()) unmark(parsed);
    return true;
  };
  try {
    return Json::parse(parsed_text, check);
  } catch (const Json::parse_error& error) {
    fail("{}: not valid JSON: syntax error at byte {} of {}", what, source.original(error.byte),
         text.size());
  } catch (const Json::exception&) {
    fail("{}: not valid JSON: a number is too large", what);
  }
}

std::string to_text(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

std::string to_python_text(const Json& json) {
  // A mark that does not occur in the text.
  const std::string plain = to_text(json, 2);
  std::string with(1, kMark);
  while (plain.find(Json(with).dump().substr(1, with.size() + kEscapedMark.size() - 1)) !=
         plain.npos) {
    with += '0';
  }
  Json copy = json;
  mark(copy, with);
  std::string text = to_text(copy, 2) + "\n";
  for (const Word& word : kWords) {
    const std::string quoted = Json(with + std::string(word.text)).dump();
    for (std::size_t at = text.find(quoted); at != text.npos; at = text.find(quoted, at)) {
      text.replace(at, quoted.size(), word.text);
    }
  }
  return text;
}

}  // namespace braid
