#include "braid/tables/layer_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace braid {
namespace {

// Decimal without leading zeros, and not larger than a plausible layer number.
bool is_number(const std::string& text) {
  constexpr std::size_t most_digits = 5;
  const bool digits = !text.empty() && text.size() <= most_digits &&
                      text.find_first_not_of("0123456789") == std::string::npos;
  return digits && (text.size() == 1 || text.front() != '0');
}

}  // namespace

std::string before_star(const std::string& name) { return name.substr(0, name.find('*')); }

std::string with_number(const std::string& starred, const std::string& number) {
  std::string name = starred;
  return is_starred(name) ? name.replace(name.find('*'), 1, number) : name;
}

std::optional<std::string> number_in(const std::string& starred, const std::string& name) {
  const std::size_t star = starred.find('*');
  if (star == std::string::npos || name.size() < starred.size()) return std::nullopt;
  const std::string number = name.substr(star, name.size() - starred.size() + 1);
  if (!is_number(number) || with_number(starred, number) != name) return std::nullopt;
  return number;
}

std::vector<std::pair<std::string, std::string>> starred_forms(const std::string& name) {
  std::vector<std::pair<std::string, std::string>> forms;
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('.', begin), name.size());
    const std::string word = name.substr(begin, end - begin);
    if (is_number(word)) {
      forms.emplace_back(name.substr(0, begin) + "*" + name.substr(end), word);
    }
    begin = end + 1;
  }
  return forms;
}

std::string short_name(const std::string& axis) {
  const std::size_t star = axis.find("*.");
  return star == std::string::npos ? "" : axis.substr(star + 2);
}

std::optional<AxisName> find_axis(const std::vector<Axis>& axes, const std::string& word,
                                  const std::string& number) {
  if (!number.empty()) {
    std::optional<AxisName> found;
    for (const Axis& axis : axes) {
      if (!is_starred(axis.name)) continue;
      if (axis.name == word) return AxisName{&axis, number};
      if (short_name(axis.name) != word) continue;
      if (found) {
        throw std::invalid_argument(
            fmt::format("'{}' is ambiguous between axes {} and {}; write the full name", word,
                        found->axis->name, axis.name));
      }
      found = AxisName{&axis, number};
    }
    if (found) return found;
  }
  for (const Axis& axis : axes) {
    if (axis.name == word && !is_starred(axis.name)) return AxisName{&axis, ""};
    if (const auto of_one = number_in(axis.name, word)) return AxisName{&axis, *of_one};
  }
  return std::nullopt;
}

}  // namespace braid
