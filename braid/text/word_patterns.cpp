#include "braid/text/word_patterns.h"

#include <unicode/uchar.h>

#include <algorithm>

#include "braid/text/characters.h"

namespace braid {
namespace {

enum class Class { letter, number, space, other };

Class class_of(UChar32 c) {
  if (c < 0x80) {
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') return Class::letter;
    if (c >= '0' && c <= '9') return Class::number;
    return c == ' ' || (c >= 9 && c <= 13) ? Class::space : Class::other;
  }
  if (is_letter(c)) return Class::letter;
  if (is_number(c)) return Class::number;
  return is_white_space(c) ? Class::space : Class::other;
}

bool is_line_end(UChar32 c) { return c == '\r' || c == '\n'; }

// The end of the run of characters from `at` for which `belongs` holds.
template <typename Belongs>
std::size_t run_end(std::string_view text, std::size_t at, Belongs belongs) {
  while (at < text.size()) {
    std::size_t next = at;
    if (!belongs(take_character(text, next))) break;
    at = next;
  }
  return at;
}

std::size_t run_end(std::string_view text, std::size_t at, Class kind) {
  return run_end(text, at, [kind](UChar32 c) { return class_of(c) == kind; });
}

// Is a character of this class at `at`? False at the end.
bool is_at(std::string_view text, std::size_t at, Class kind) {
  return at < text.size() && class_of(take_character(text, at)) == kind;
}

// \s+(?!\S)|\s+ for white space that ends at `end`; before a word, its last character is left out.
std::size_t white_space_word(std::string_view text, std::size_t end) {
  if (end == text.size()) return end;
  std::size_t last = end - 1;
  while (last > 0 && U8_IS_TRAIL(text[last])) --last;
  return last > 0 ? last : end;
}

constexpr std::string_view kContractions[] = {"s", "t", "re", "ve", "m", "ll", "d"};

std::size_t contraction_length(std::string_view text) {
  if (!text.starts_with('\'')) return 0;
  for (const std::string_view ending : kContractions) {
    if (text.substr(1).starts_with(ending)) return 1 + ending.size();
  }
  return 0;
}

// Case-insensitive; U+017F, the long s, matches s.
std::size_t contraction_length_in_any_case(std::string_view text) {
  if (!text.starts_with('\'')) return 0;
  for (const std::string_view ending : kContractions) {
    std::size_t at = 1;
    const bool same = std::all_of(ending.begin(), ending.end(), [&](char letter) {
      return at < text.size() &&
             u_foldCase(take_character(text, at), U_FOLD_CASE_DEFAULT) == letter;
    });
    if (same) return at;
  }
  return 0;
}

}  // namespace

std::size_t gpt2_word(std::string_view text) {
  if (const std::size_t length = contraction_length(text)) return length;
  std::size_t begin = text.front() == ' ' && text.size() > 1 && !is_at(text, 1, Class::space);
  const Class kind = class_of(take_character(text, begin));
  const std::size_t end = run_end(text, begin, kind);
  return kind == Class::space ? white_space_word(text, end) : end;
}

std::size_t llama_word(std::string_view text, std::size_t digits) {
  if (const std::size_t length = contraction_length_in_any_case(text)) return length;
  std::size_t next = 0;
  const UChar32 first = take_character(text, next);
  const Class kind = class_of(first);
  if (kind == Class::letter) return run_end(text, next, kind);
  if (kind == Class::number) {
    return run_end(text, next, [&](UChar32 c) { return --digits > 0 && class_of(c) == kind; });
  }
  if (!is_line_end(first) && is_at(text, next, Class::letter)) {
    return run_end(text, next, Class::letter);
  }
  if (kind == Class::other || (first == ' ' && is_at(text, next, Class::other))) {
    return run_end(text, run_end(text, next, Class::other), is_line_end);
  }
  std::size_t after_line_end = 0;
  std::size_t end = 0;
  while (is_at(text, end, Class::space)) {
    if (is_line_end(take_character(text, end))) after_line_end = end;
  }
  return after_line_end > 0 ? after_line_end : white_space_word(text, end);
}

}  // namespace braid
