#include "braid/text/basic_tokens.h"

#include <unicode/unistr.h>

#include <algorithm>

#include "braid/error.h"

namespace braid {
TextNormalizer::TextNormalizer(NormalizerOptions options) : options_(options) {
  for (UChar32 c = 0; c < 128; ++c) {
    ascii_[c] = static_cast<char>(options_.lower_case ? lower_case(c) : c);
    if (!options_.clean_text) continue;
    if (is_removed_by_cleaning(c)) {
      ascii_[c] = 0;
    } else if (is_white_space(c)) {
      ascii_[c] = ' ';
    }
  }
}

void TextNormalizer::append(std::string_view text, std::string& normalized) const {
  const char* bytes = text.data();
  const auto length = static_cast<std::int64_t>(text.size());
  normalized.reserve(normalized.size() + text.size());
  icu::UnicodeString run;  // beyond ASCII; decomposition does not cross ASCII characters
  for (std::int64_t next = 0; next < length;) {
    UChar32 c;
    U8_NEXT_OR_FFFD(bytes, next, length, c);
    if (c < 0x80) {
      const char kept = ascii_[c];
      // A dropped character joins its neighbours, so it does not end the run.
      if (kept == 0 && options_.clean_text) continue;
      if (!run.isEmpty()) append_run(run, normalized);
      normalized.push_back(kept);
      continue;
    }
    if (options_.clean_text) {
      if (is_removed_by_cleaning(c)) continue;
      if (is_white_space(c)) c = ' ';
    }
    if (options_.chinese_chars && is_chinese_character(c)) {
      run.append(u' ').append(c).append(u' ');
    } else {
      run.append(c);
    }
  }
  if (!run.isEmpty()) append_run(run, normalized);
}

void TextNormalizer::append_run(icu::UnicodeString& run, std::string& normalized) const {
  if (options_.strip_accents) {
    UErrorCode status = U_ZERO_ERROR;
    icu::UnicodeString decomposed = normalization(NormalizationForm::nfd).normalize(run, status);
    require(U_SUCCESS(status), "ICU cannot decompose a text: {}", u_errorName(status));
    run = std::move(decomposed);
  }
  for (std::int32_t at = 0; at < run.length();) {
    const UChar32 c = run.char32At(at);
    at += U16_LENGTH(c);
    if (options_.strip_accents && is_nonspacing_mark(c)) continue;
    if (!options_.lower_case) {
      append_character(c, normalized);
    } else if (c == 0x130) {
      normalized += "i\u0307";
    } else {
      append_character(lower_case(c), normalized);
    }
  }
  run.remove();
}

bool is_valid_utf8(std::string_view text) {
  const char* bytes = text.data();
  const auto length = static_cast<std::int64_t>(text.size());
  for (std::int64_t next = 0; next < length;) {
    UChar32 c;
    U8_NEXT(bytes, next, length, c);
    if (c < 0) return false;
  }
  return true;
}

std::string_view repair_utf8(std::string_view text, std::string& repaired) {
  if (is_valid_utf8(text)) return text;
  const char* bytes = text.data();
  const auto length = static_cast<std::int64_t>(text.size());
  repaired.clear();
  for (std::int64_t next = 0; next < length;) {
    UChar32 c;
    U8_NEXT_OR_FFFD(bytes, next, length, c);
    append_character(c, repaired);
  }
  return repaired;
}

}  // namespace braid
