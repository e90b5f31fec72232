#include "braid/json/json_text.h"

#include <array>
#include <cmath>
#include <limits>
#include <set>

#include "braid/error.h"
#include "braid/json/printable.h"

namespace braid {
namespace {

using Json = nlohmann::json;

struct Word {
  std::string_view text;
  double value;
};

// Longest first: the second is a part of the first.
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr std::array<Word, 3> kWords = {{{"-Infinity", -infinity},
                                         {"Infinity", infinity},
                                         {"NaN", std::numeric_limits<double>::quiet_NaN()}}};

// What stands for such a number between Python's JSON and the library's, which has none. No file
// has a string with this character as it is, as JSON forbids it.
std::string marked(const Word& word) { return std::string(1, '\x01') + std::string(word.text); }

const Word* word_at(std::string_view text) {
  for (const Word& word : kWords) {
    if (text.starts_with(word.text)) return &word;
  }
  return nullptr;
}

std::string with_marks(std::string_view text) {
  std::string result;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const Word* word = in_string ? nullptr : word_at(text.substr(i));
    if (word) {
      result += Json(marked(*word)).dump();
      i += word->text.size() - 1;
      continue;
    }
    if (text[i] == '"') in_string = !in_string;
    result += text[i];
    if (in_string && text[i] == '\\' && i + 1 < text.size()) result += text[++i];
  }
  return result;
}

// The line of the n-th string of JSON that can be parsed, from 1.
std::int64_t line_of_string(std::string_view text, std::int64_t n) {
  std::int64_t line = 1, quotes = 0;
  for (std::size_t i = 0; i < text.size() && quotes < 2 * n - 1; ++i) {
    line += text[i] == '\n';
    quotes += text[i] == '"';
    if (text[i] == '\\') ++i;
  }
  return line;
}

const Word* word_of(const std::string& text) {
  for (const Word& word : kWords) {
    if (text == marked(word)) return &word;
  }
  return nullptr;
}

void mark(Json& value) {
  if (value.is_structured()) {
    for (Json& inner : value) mark(inner);
  } else if (value.is_number_float() && !std::isfinite(value.get<double>())) {
    const double number = value.get<double>();
    value = marked(kWords[std::isnan(number) ? 2 : number > 0 ? 1 : 0]);
  }
}

}  // namespace

Json parse_json(std::string_view given, std::string_view what, JsonLimits limits, KeyOrder* order) {
  using Event = Json::parse_event_t;
  std::vector<std::set<std::string>> keys;  // of the objects still open
  std::size_t values = 0;
  std::int64_t strings = 0;
  const bool python = given.find("NaN") != given.npos || given.find("Infinity") != given.npos;
  const std::string marked_text = python ? with_marks(given) : "";
  const std::string_view text = python ? marked_text : given;
  const auto check = [&](int depth, Event event, Json& parsed) {
    require(++values <= limits.values, "{}: more than {} JSON values", what, limits.values);
    require(depth <= limits.depth, "{}: JSON nested deeper than {}", what, limits.depth);
    strings += parsed.is_string() && (event == Event::key || event == Event::value);
    if (event == Event::object_start) keys.emplace_back();
    if (event == Event::object_end) keys.pop_back();
    if (event == Event::key) {
      const auto& key = parsed.get_ref<const std::string&>();
      if (!keys.back().insert(key).second) {
        fail("{}: line {}: \"{}\" is there twice", what, line_of_string(text, strings),
             printable(key));
      }
      if (order && depth <= 2) order->emplace_back(depth, key);
    }
    if (python && parsed.is_string()) {
      const Word* word = word_of(parsed.get_ref<const std::string&>());
      require(!word || event != Event::key, "{}: not valid JSON: a number as a key", what);
      if (word) parsed = word->value;
    }
    return true;
  };
  try {
    return Json::parse(text, check);
  } catch (const Json::parse_error& error) {
    fail("{}: not valid JSON: stopped making sense at byte {} of {}", what, error.byte,
         text.size());
  } catch (const Json::exception&) {
    fail("{}: not valid JSON: a number is too large", what);
  }
}

std::string to_text(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

std::string to_python_text(const Json& json) {
  Json copy = json;
  mark(copy);
  std::string text = to_text(copy, 2) + "\n";
  for (const Word& word : kWords) {
    const std::string quoted = Json(marked(word)).dump();
    for (std::size_t at = text.find(quoted); at != text.npos; at = text.find(quoted, at)) {
      text.replace(at, quoted.size(), word.text);
    }
  }
  return text;
}

}  // namespace braid
