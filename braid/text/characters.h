// Character classes exactly as Hugging Face's `tokenizers` crate sees them. They are not those of
// today's Unicode: the crate's categories are Unicode 8 with a few older entries, its canonical
// decompositions Unicode 9, and Rust's lower case Unicode 17. ICU's data is cut and mended to
// match; tests/text/wordpiece_differential.py compares every code point of planes 0 and 1.
#pragma once

#include <unicode/normalizer2.h>
#include <unicode/utypes.h>

namespace braid {

// Categories Cc, Cf and Co; tab and line ends are white space, not controls. U+0000 and U+FFFD too.
bool is_removed_by_cleaning(UChar32 c);

// Unicode's White_Space.
bool is_white_space(UChar32 c);

// ASCII punctuation and symbols, and the categories P*.
bool is_punctuation(UChar32 c);

// The CJK ideograph blocks that BERT puts spaces around.
bool is_chinese_character(UChar32 c);

// Category Mn: what accent stripping drops after decomposition.
bool is_nonspacing_mark(UChar32 c);

// Lower case of one character without context. U+0130 alone becomes two (i, U+0307); here it is
// U+0130 still, for the caller to expand.
UChar32 lower_case(UChar32 c);

// NFD as of Unicode 9.
const icu::Normalizer2& canonical_decomposition();

}  // namespace braid
