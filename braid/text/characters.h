// Character classes exactly as in Hugging Face's `tokenizers` crate. They differ from current
// Unicode: the crate's categories are Unicode 8 with a few older entries, its normalisation is
// Unicode 9, its regular expressions are Unicode 16, and Rust's lower case is Unicode 17. ICU's
// data is corrected to match; tests/text/wordpiece_differential.py compares every code point of
// planes 0 and 1.
#pragma once

#include <unicode/normalizer2.h>
#include <unicode/utf8.h>
#include <unicode/utypes.h>

#include <string>
#include <string_view>

namespace braid {

// Returns the character at `next` of valid UTF-8 and advances `next`.
inline UChar32 take_character(std::string_view text, std::size_t& next) {
  UChar32 c;
  U8_NEXT_UNSAFE(text.data(), next, c);
  return c;
}

void append_character(UChar32 c, std::string& text);

// \p{L}, \p{N} and \w of regular expressions, as of Unicode 16.
bool is_letter(UChar32 c);
bool is_number(UChar32 c);
bool is_word_character(UChar32 c);

// Does a character unknown to ICU extend the preceding grapheme cluster, as of Unicode 17?
bool is_new_extender(UChar32 c);

// Rust's char::is_numeric: categories N* of Unicode 17.
bool is_numeric(UChar32 c);

// Categories Cc (except tab and line ends, which are white space), Cf and Co, U+0000 and U+FFFD.
bool is_removed_by_cleaning(UChar32 c);

// Unicode's White_Space.
bool is_white_space(UChar32 c);

// The end of the white space that starts at `at`; the start, at least `from`, of the white space
// that ends at `at`.
std::size_t white_space_after(std::string_view text, std::size_t at);
std::size_t white_space_before(std::string_view text, std::size_t at, std::size_t from = 0);

// REQUIRES non-empty, valid UTF-8.
UChar32 last_character(std::string_view text);

// ASCII punctuation and symbols, and categories P*.
bool is_punctuation(UChar32 c);

// The CJK ideograph blocks that BERT puts spaces around.
bool is_chinese_character(UChar32 c);

// Category Mn, which BERT's accent stripping drops after decomposition.
bool is_nonspacing_mark(UChar32 c);

// Categories M*, which StripAccents drops.
bool is_combining_mark(UChar32 c);

// Lower case of one character, without context. U+0130 is returned unchanged, since its lower case
// is two characters (i, U+0307); the caller expands it.
UChar32 lower_case(UChar32 c);

// Normalisation as of Unicode 9.
enum class NormalizationForm { nfc, nfd, nfkc, nfkd };
const icu::Normalizer2& normalization(NormalizationForm form);

}  // namespace braid
