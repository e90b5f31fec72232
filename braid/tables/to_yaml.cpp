// A table as YAML, in the order in which it is read.
#include <fmt/format.h>

#include <stdexcept>

#include "braid/tables/group_words.h"
#include "braid/tables/symmetry_table.h"

namespace braid {
namespace {

template <typename Words, typename T>
const char* word_of(const Words& words, T value) {
  for (const auto& [word, meaning] : words) {
    if (meaning == value) return word;
  }
  throw std::logic_error("a value of a table has no word in its file format");
}

// Plain if YAML reads that back unchanged, else in quotes.
std::string quoted(const std::string& text) {
  if (text == "null" || text == "Null" || text == "NULL") return '"' + text + '"';
  constexpr const char* plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./+ *()|'=:";
  const bool starts =
      !text.empty() && std::string_view("*|'=: ").find(text.front()) == std::string_view::npos;
  const bool colons = text.find(": ") == std::string::npos && !text.ends_with(':');
  if (starts && colons && text.find_first_not_of(plain) == std::string::npos) return text;
  if (text.starts_with('=') && text.size() > 1 &&
      text.find_first_not_of(plain) == std::string::npos) {
    return text;
  }
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + "\"";
}

std::string axis_text(const Axis& axis) {
  const char* group = word_of(group_words, axis.group);
  std::string text = fmt::format("{{group: {}, component: {}", group, axis.component);
  if (!axis.per.empty()) text += ", per: " + quoted(axis.per);
  if (axis.scales) text += ", scales: true";
  if (axis.returned) text += ", returned: true";
  return text + "}";
}

}  // namespace

std::string to_yaml(const SymmetryTable& table) {
  std::string text = fmt::format("table: {}\naxes:\n", quoted(table.title));
  const auto add = [&](const std::string& name, const std::string& value) {
    text += fmt::format("  {}: {}\n", quoted(name), value);
  };
  for (const Axis& axis : table.axes) add(axis.name, axis_text(axis));
  if (!table.sizes.empty()) text += "sizes:\n";
  for (const auto& [name, size] : table.sizes) add(name, std::to_string(size));
  text += "tensors:\n";
  for (const TensorRule& rule : table.tensors) add(rule.name, quoted(rule.pattern));
  if (!table.taps.empty()) text += "taps:\n";
  for (const TapRule& tap : table.taps) {
    add(tap.name, tap.component.empty() ? quoted(tap.product)
                                        : fmt::format("{{on: {}, component: {}}}",
                                                      quoted(tap.product), tap.component));
  }
  if (!table.shifts.empty()) text += "shifts:\n";
  for (const ShiftRule& shift : table.shifts) {
    add(shift.name,
        fmt::format("{{kind: {}, map: {}, other: {}}}", word_of(shift_words, shift.kind),
                    quoted(shift.map), quoted(shift.other)));
  }
  if (!table.ignored.empty()) text += "ignore:\n";
  for (const std::string& name : table.ignored) text += fmt::format("  - {}\n", quoted(name));
  return text;
}

}  // namespace braid
