#include "braid/symmetry/pattern.h"

#include <fmt/format.h>

#include <stdexcept>

namespace braid {
namespace {

AxisUse parse_use(std::string_view token) {
  if (token.front() == '_') {
    const std::size_t colon = token.find(':');
    const std::string entries(colon == std::string_view::npos ? "" : token.substr(colon + 1));
    return {"", Role::inert, std::stoll(std::string(token.substr(1, colon))), entries};
  }
  if (token.front() == '=') return {std::string(token.substr(1)), Role::gain};
  if (token.back() == '\'') {
    return {std::string(token.substr(0, token.size() - 1)), Role::covector};
  }
  return {std::string(token), Role::vector};
}

std::string format_product(const Product& product) {
  std::string text;
  for (const AxisUse& use : product) {
    if (!text.empty()) text += ' ';
    switch (use.role) {
      case Role::vector:
        text += use.axis;
        break;
      case Role::covector:
        text += use.axis + "'";
        break;
      case Role::gain:
        text += "=" + use.axis;
        break;
      case Role::inert:
        text += fmt::format("_{}{}{}", use.size, use.entries.empty() ? "" : ":", use.entries);
        break;
    }
  }
  return text;
}

}  // namespace

std::size_t factor_of(const Product& product, const std::string& axis) {
  for (std::size_t k = 0; k < product.size(); ++k) {
    if (product[k].axis == axis) return k;
  }
  throw std::invalid_argument("no axis '" + axis + "' in this product");
}

Pattern parse_pattern(std::string_view text) {
  Pattern pattern;
  bool open = false;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == ' ') {
      ++i;
    } else if (c == '(' && !open) {
      pattern.push_back({{}});
      open = true;
      ++i;
    } else if (c == ')' && open) {
      open = false;
      ++i;
    } else if (c == '|' && open) {
      pattern.back().emplace_back();
      ++i;
    } else if (c == '(' || c == ')' || c == '|') {
      throw std::invalid_argument(fmt::format("pattern '{}': misplaced '{}'", text, c));
    } else {
      std::size_t end = text.find_first_of(" ()|", i);
      if (end == std::string_view::npos) end = text.size();
      AxisUse use = parse_use(text.substr(i, end - i));
      if (open) {
        pattern.back().back().push_back(std::move(use));
      } else {
        pattern.push_back({{std::move(use)}});
      }
      i = end;
    }
  }
  if (open) throw std::invalid_argument(fmt::format("pattern '{}': unclosed '('", text));
  return pattern;
}

std::string format_pattern(const Pattern& pattern) {
  std::string text;
  for (const Concatenation& dimension : pattern) {
    if (!text.empty()) text += ' ';
    const bool bare = dimension.size() == 1 && dimension.front().size() == 1;
    if (!bare) text += '(';
    for (std::size_t i = 0; i < dimension.size(); ++i) {
      text += (i ? " | " : "") + format_product(dimension[i]);
    }
    if (!bare) text += ')';
  }
  return text;
}

}  // namespace braid
