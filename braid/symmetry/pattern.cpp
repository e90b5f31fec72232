#include "braid/symmetry/pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace braid {
namespace {

// _30522:token; number and name are both optional.
AxisUse parse_inert(std::string_view token) {
  AxisUse use;
  const std::string_view number = token.substr(1, token.find(':') - 1);
  use.entries = token.substr(std::min(2 + number.size(), token.size()));
  if (number.empty()) return use;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), use.size);
  if (error != std::errc() || end != number.data() + number.size() || use.size < 1) {
    throw std::invalid_argument(fmt::format("'{}' is not a number of entries", token));
  }
  return use;
}

AxisUse parse_use(std::string_view token) {
  if (token.front() == '_') return parse_inert(token);
  AxisUse use{std::string(token), Role::vector};
  if (token.front() == '=') {
    use = {std::string(token.substr(1)), Role::gain};
  } else if (token.back() == '\'') {
    use = {std::string(token.substr(0, token.size() - 1)), Role::covector};
  }
  if (use.axis.empty()) throw std::invalid_argument(fmt::format("'{}' names no axis", token));
  return use;
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
        text += fmt::format("_{}{}{}", use.size > 0 ? std::to_string(use.size) : "",
                            use.entries.empty() ? "" : ":", use.entries);
        break;
    }
  }
  return text;
}

// Reads a pattern from left to right.
class PatternReader {
 public:
  explicit PatternReader(std::string_view text) : text_(text) {}

  Pattern read() {
    Pattern pattern;
    for (skip_spaces(); !done(); skip_spaces()) {
      if (take('(')) {
        pattern.push_back(read_concatenation());
      } else {
        pattern.push_back({{read_use()}});
      }
    }
    return pattern;
  }

 private:
  // After its '('.
  Concatenation read_concatenation() {
    Concatenation terms(1);
    for (;;) {
      skip_spaces();
      if (take(')')) {
        if (terms.back().empty()) misplaced(')');
        return terms;
      }
      if (take('|')) {
        if (terms.back().empty()) misplaced('|');
        terms.emplace_back();
      } else if (take('(')) {
        if (terms.size() > 1) misplaced('(');
        Concatenation inner = read_concatenation();
        if (inner.shared > 0) misplaced('(');
        inner.shared = terms.front().size();
        if (inner.shared == 0) misplaced('(');
        for (Product& term : inner) {
          term.insert(term.begin(), terms.front().begin(), terms.front().end());
        }
        skip_spaces();
        if (!take(')')) misplaced(done() ? '(' : text_[at_]);
        return inner;
      } else {
        terms.back().push_back(read_use());
      }
    }
  }

  AxisUse read_use() {
    if (done()) throw std::invalid_argument(fmt::format("pattern '{}': unclosed '('", text_));
    const std::size_t end = std::min(text_.find_first_of(" ()|", at_), text_.size());
    if (end == at_) misplaced(text_[at_]);
    const std::string_view token = text_.substr(at_, end - at_);
    at_ = end;
    return parse_use(token);
  }

  bool done() const { return at_ == text_.size(); }
  void skip_spaces() {
    while (!done() && text_[at_] == ' ') ++at_;
  }
  bool take(char c) {
    if (done() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  [[noreturn]] void misplaced(char c) const {
    throw std::invalid_argument(fmt::format("pattern '{}': misplaced '{}'", text_, c));
  }

  const std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::size_t factor_of(const Product& product, const std::string& axis) {
  for (std::size_t k = 0; k < product.size(); ++k) {
    if (product[k].axis == axis) return k;
  }
  throw std::invalid_argument("no axis '" + axis + "' in this product");
}

Pattern parse_pattern(std::string_view text) { return PatternReader(text).read(); }

bool is_gain(const std::string& tensor, const Pattern& pattern) {
  return tensor.ends_with(".weight") && pattern.size() == 1 &&
         pattern.front().front().front().role == Role::gain;
}

std::string format_pattern(const Pattern& pattern) {
  std::string text;
  for (const Concatenation& dimension : pattern) {
    if (!text.empty()) text += ' ';
    const bool bare = dimension.size() == 1 && dimension.front().size() == 1;
    if (!bare) text += '(';
    const auto own = [&](const Product& term) {
      return term.begin() + static_cast<std::ptrdiff_t>(dimension.shared);
    };
    if (dimension.shared > 0) {
      const Product& first = dimension.front();
      text += format_product({first.begin(), own(first)}) + " (";
    }
    for (std::size_t i = 0; i < dimension.size(); ++i) {
      text += (i ? " | " : "") + format_product({own(dimension[i]), dimension[i].end()});
    }
    if (dimension.shared > 0) text += ')';
    if (!bare) text += ')';
  }
  return text;
}

}  // namespace braid
