#include "braid/text/characters.h"

#include <unicode/uchar.h>
#include <unicode/uniset.h>
#include <unicode/uversion.h>

#include "braid/error.h"

namespace braid {
namespace {

// unicode_categories 0.1 knows nothing younger.
bool is_assigned_in_unicode_8(UChar32 c) {
  UVersionInfo age;
  u_charAge(c, age);
  return age[0] >= 1 && age[0] <= 8;
}

}  // namespace

bool is_removed_by_cleaning(UChar32 c) {
  if (c == '\t' || c == '\n' || c == '\r') return false;
  if (c == 0 || c == 0xFFFD) return true;
  switch (u_charType(c)) {
    case U_CONTROL_CHAR:
    case U_PRIVATE_USE_CHAR:
      return true;
    case U_FORMAT_CHAR:
      return is_assigned_in_unicode_8(c);
    default:
      return false;
  }
}

bool is_white_space(UChar32 c) { return u_isUWhiteSpace(c); }

bool is_punctuation(UChar32 c) {
  if (c < 0x80) return c > ' ' && c < 0x7F && !u_isalnum(c);
  // Reclassified since: a Po that became So, and a Po that became Mn.
  if (c == 0x166D || c == 0x111C9) return true;
  return u_ispunct(c) && is_assigned_in_unicode_8(c);
}

bool is_chinese_character(UChar32 c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) ||
         (c >= 0x20000 && c <= 0x2A6DF) || (c >= 0x2A700 && c <= 0x2B81F) ||
         (c >= 0x2B920 && c <= 0x2CEAF) || (c >= 0xF900 && c <= 0xFAFF) ||
         (c >= 0x2F800 && c <= 0x2FA1F);
}

bool is_nonspacing_mark(UChar32 c) {
  switch (c) {  // reclassified since
    case 0x1734:
      return true;
    case 0x1885:
    case 0x1886:
    case 0xA9BD:
    case 0x111C9:
      return false;
    default:
      return u_charType(c) == U_NON_SPACING_MARK && is_assigned_in_unicode_8(c);
  }
}

UChar32 lower_case(UChar32 c) {
  if (c == 0x130) return c;
  // Unicode 16 and 17, which ICU 72 does not know.
  if (c >= 0x10D50 && c <= 0x10D65) return c + 0x20;
  if (c >= 0x16EA0 && c <= 0x16EB8) return c + 0x1B;
  switch (c) {
    case 0xA7CB:
      return 0x264;
    case 0xA7DC:
      return 0x19B;
    case 0x1C89:
    case 0xA7CC:
    case 0xA7CE:
    case 0xA7D2:
    case 0xA7D4:
    case 0xA7DA:
      return c + 1;
    default:
      return u_tolower(c);
  }
}

const icu::Normalizer2& canonical_decomposition() {
  static const icu::UnicodeSet unicode_9 = [] {
    UErrorCode status = U_ZERO_ERROR;
    icu::UnicodeSet set(icu::UnicodeString(u"[:age=9.0:]"), status);
    require(U_SUCCESS(status), "ICU cannot make the set of Unicode 9: {}", u_errorName(status));
    set.freeze();
    return set;
  }();
  static const icu::FilteredNormalizer2 decomposition = [] {
    UErrorCode status = U_ZERO_ERROR;
    const icu::Normalizer2* whole = icu::Normalizer2::getNFDInstance(status);
    require(U_SUCCESS(status), "ICU cannot load its NFD data: {}", u_errorName(status));
    return icu::FilteredNormalizer2(*whole, unicode_9);
  }();
  return decomposition;
}

}  // namespace braid
