// Character classes exactly as Hugging Face's `tokenizers` crate sees them. They are not those of
// today's Unicode: the crate's categories are Unicode 8 with a few older entries, its normalisation
// Unicode 9, its regular expressions Unicode 16, and Rust's lower case Unicode 17. ICU's data is
// cut and mended to match; tests/text/wordpiece_differential.py compares every code point of planes
// 0 and 1.
#pragma once

#include <unicode/normalizer2.h>
#include <unicode/utf8.h>
#include <unicode/utypes.h>

#include <string>
#include <string_view>

namespace braid {

// The character at `next` of valid UTF-8, which moves behind it.
inline UChar32 take_character(std::string_view text, std::size_t& next) {
  UChar32 c;
  U8_NEXT_UNSAFE(text.data(), next, c);
  return c;
}

void append_character(UChar32 c, std::string& text);

// \p{L}, \p{N} and \w of the regular expressions, which are Unicode 16's.
bool is_letter(UChar32 c);
bool is_number(UChar32 c);
bool is_word_character(UChar32 c);

// Whether a character that ICU does not know extends the grapheme cluster before it, by Unicode 17.
bool is_new_extender(UChar32 c);

// Rust's char::is_numeric: categories N* of Unicode 17.
bool is_numeric(UChar32 c);

// Categories Cc, Cf and Co; tab and line ends are white space, not controls. U+0000 and U+FFFD too.
bool is_removed_by_cleaning(UChar32 c);

// Unicode's White_Space.
bool is_white_space(UChar32 c);

// Where the white space that begins at `at` ends, and that which ends at `at` begins, not before
// `from`.
std::size_t white_space_after(std::string_view text, std::size_t at);
std::size_t white_space_before(std::string_view text, std::size_t at, std::size_t from = 0);

// Of text that is not empty and valid UTF-8.
UChar32 last_character(std::string_view text);

// ASCII punctuation and symbols, and the categories P*.
bool is_punctuation(UChar32 c);

// The CJK ideograph blocks that BERT puts spaces around.
bool is_chinese_character(UChar32 c);

// Category Mn: what BERT's accent stripping drops after decomposition.
bool is_nonspacing_mark(UChar32 c);

// Categories M*: what StripAccents drops.
bool is_combining_mark(UChar32 c);

// Lower case of one character without context. U+0130 alone becomes two (i, U+0307); here it is
// U+0130 still, for the caller to expand.
UChar32 lower_case(UChar32 c);

// As of Unicode 9.
enum class NormalizationForm { nfc, nfd, nfkc, nfkd };
const icu::Normalizer2& normalization(NormalizationForm form);

}  // namespace braid
