#include "braid/text/characters.h"

#include <unicode/uchar.h>
#include <unicode/uniset.h>
#include <unicode/uversion.h>

#include <algorithm>
#include <span>

#include "braid/error.h"

namespace braid {
namespace {

bool was_assigned_in_unicode(int version, UChar32 c) {
  UVersionInfo age;
  u_charAge(c, age);
  return age[0] >= 1 && age[0] <= version;
}

// The version of the crate unicode_categories 0.1.
bool is_assigned_in_unicode_8(UChar32 c) { return was_assigned_in_unicode(8, c); }

struct Range {
  UChar32 first, last;
};

// Letters of Unicode 15.1 and 16, which ICU 72 does not know.
constexpr Range kNewLetters[] = {
    {0x1C89, 0x1C8A},   {0xA7CB, 0xA7CD},   {0xA7DA, 0xA7DC},   {0x105C0, 0x105F3},
    {0x10D4A, 0x10D65}, {0x10D6F, 0x10D85}, {0x10EC2, 0x10EC4}, {0x11380, 0x11389},
    {0x1138B, 0x1138B}, {0x1138E, 0x1138E}, {0x11390, 0x113B5}, {0x113B7, 0x113B7},
    {0x113D1, 0x113D1}, {0x113D3, 0x113D3}, {0x11BC0, 0x11BE0}, {0x13460, 0x143FA},
    {0x16100, 0x1611D}, {0x16D40, 0x16D6C}, {0x18CFF, 0x18CFF}, {0x1E5D0, 0x1E5ED},
    {0x1E5F0, 0x1E5F0}, {0x2EBF0, 0x2EE5D}};

// New numbers; the last two are Unicode 17's.
constexpr Range kNewNumbers[] = {{0x10D40, 0x10D49}, {0x116D0, 0x116E3}, {0x11BF0, 0x11BF9},
                                 {0x16130, 0x16139}, {0x16D70, 0x16D79}, {0x1CCF0, 0x1CCF9},
                                 {0x1E5F1, 0x1E5FA}, {0x11DE0, 0x11DE9}, {0x16FF4, 0x16FF6}};
constexpr std::size_t kOfUnicode17 = 2;

// New marks.
constexpr Range kNewMarks[] = {{0x0897, 0x0897},   {0x10D69, 0x10D6D}, {0x10EFC, 0x10EFC},
                               {0x113B8, 0x113C0}, {0x113C2, 0x113C2}, {0x113C5, 0x113C5},
                               {0x113C7, 0x113CA}, {0x113CC, 0x113D0}, {0x113D2, 0x113D2},
                               {0x113E1, 0x113E2}, {0x11F5A, 0x11F5A}, {0x1611E, 0x1612F},
                               {0x1E5EE, 0x1E5EF}};

constexpr Range kNewExtenders[] = {
    {0x0897, 0x0897},   {0x1ACF, 0x1ADD},   {0x1AE0, 0x1AEB},   {0x10D69, 0x10D6D},
    {0x10EFA, 0x10EFC}, {0x113B8, 0x113C0}, {0x113C2, 0x113C2}, {0x113C5, 0x113C5},
    {0x113C7, 0x113CA}, {0x113CC, 0x113D0}, {0x113D2, 0x113D2}, {0x113E1, 0x113E2},
    {0x11B60, 0x11B67}, {0x11F5A, 0x11F5A}, {0x1611E, 0x1612F}, {0x1E5EE, 0x1E5EF},
    {0x1E6E3, 0x1E6E3}, {0x1E6E6, 0x1E6E6}, {0x1E6EE, 0x1E6EF}, {0x1E6F5, 0x1E6F5}};

bool is_in(UChar32 c, std::span<const Range> ranges) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [c](const Range& range) { return c >= range.first && c <= range.last; });
}

}  // namespace

void append_character(UChar32 c, std::string& text) {
  char bytes[U8_MAX_LENGTH];
  std::int32_t length = 0;
  U8_APPEND_UNSAFE(bytes, length, c);
  text.append(bytes, static_cast<std::size_t>(length));
}

bool is_letter(UChar32 c) { return (U_GET_GC_MASK(c) & U_GC_L_MASK) || is_in(c, kNewLetters); }

bool is_number(UChar32 c) {
  return (U_GET_GC_MASK(c) & U_GC_N_MASK) ||
         is_in(c, std::span(kNewNumbers).first(std::size(kNewNumbers) - kOfUnicode17));
}

bool is_word_character(UChar32 c) {
  switch (u_charType(c)) {
    case U_NON_SPACING_MARK:
    case U_ENCLOSING_MARK:
    case U_COMBINING_SPACING_MARK:
    case U_DECIMAL_DIGIT_NUMBER:
    case U_CONNECTOR_PUNCTUATION:
      return true;
    case U_UNASSIGNED:
      return is_letter(c) || is_number(c) || is_in(c, kNewMarks);
    default:
      return u_isUAlphabetic(c) || u_hasBinaryProperty(c, UCHAR_JOIN_CONTROL);
  }
}

bool is_new_extender(UChar32 c) { return u_charType(c) == U_UNASSIGNED && is_in(c, kNewExtenders); }

bool is_numeric(UChar32 c) { return (U_GET_GC_MASK(c) & U_GC_N_MASK) || is_in(c, kNewNumbers); }

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

UChar32 last_character(std::string_view text) {
  std::size_t at = text.size() - 1;
  while (at > 0 && U8_IS_TRAIL(text[at])) --at;
  return take_character(text, at);
}

std::size_t white_space_after(std::string_view text, std::size_t at) {
  for (std::size_t next = at; next < text.size(); at = next) {
    if (!is_white_space(take_character(text, next))) break;
  }
  return at;
}

std::size_t white_space_before(std::string_view text, std::size_t at, std::size_t from) {
  while (at > from) {
    const UChar32 c = last_character(text.substr(0, at));
    if (!is_white_space(c)) break;
    at -= static_cast<std::size_t>(U8_LENGTH(c));
  }
  return at;
}

bool is_punctuation(UChar32 c) {
  if (c < 0x80) return c > ' ' && c < 0x7F && !u_isalnum(c);
  // Reclassified later: from Po to So, and from Po to Mn.
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
  switch (c) {  // reclassified later
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

bool is_combining_mark(UChar32 c) {
  if (c == 0x1CF2 || c == 0x1CF3) return true;  // reclassified later
  if (c == 0x111C9 || !(U_GET_GC_MASK(c) & U_GC_M_MASK)) return false;
  return was_assigned_in_unicode(9, c);
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

const icu::Normalizer2& normalization(NormalizationForm form) {
  static const icu::UnicodeSet unicode_9 = [] {
    UErrorCode status = U_ZERO_ERROR;
    icu::UnicodeSet set(icu::UnicodeString(u"[:age=9.0:]"), status);
    require(U_SUCCESS(status), "ICU cannot build the set of Unicode 9 characters: {}",
            u_errorName(status));
    set.freeze();
    return set;
  }();
  static const auto make = [](const char* data, UNormalization2Mode mode) {
    UErrorCode status = U_ZERO_ERROR;
    const icu::Normalizer2* whole = icu::Normalizer2::getInstance(nullptr, data, mode, status);
    require(U_SUCCESS(status), "ICU cannot load its {} data: {}", data, u_errorName(status));
    return icu::FilteredNormalizer2(*whole, unicode_9);
  };
  static const icu::FilteredNormalizer2 forms[] = {
      // in the order of NormalizationForm
      make("nfc", UNORM2_COMPOSE), make("nfc", UNORM2_DECOMPOSE), make("nfkc", UNORM2_COMPOSE),
      make("nfkc", UNORM2_DECOMPOSE)};
  return forms[static_cast<std::size_t>(form)];
}

}  // namespace braid
