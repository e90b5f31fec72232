#include "braid/text/graphemes.h"

#include <unicode/uchar.h>
#include <unicode/uscript.h>

#include "braid/text/characters.h"

namespace braid {
namespace {

constexpr UChar32 kZeroWidthNonJoiner = 0x200C;

UGraphemeClusterBreak break_class(UChar32 c) {
  if (is_new_extender(c)) return U_GCB_EXTEND;
  return static_cast<UGraphemeClusterBreak>(u_getIntPropertyValue(c, UCHAR_GRAPHEME_CLUSTER_BREAK));
}

bool is_control(UGraphemeClusterBreak kind) {
  return kind == U_GCB_CONTROL || kind == U_GCB_CR || kind == U_GCB_LF;
}

bool is_pictograph(UChar32 c) { return u_hasBinaryProperty(c, UCHAR_EXTENDED_PICTOGRAPHIC); }

// Rules GB6 to GB8.
bool is_one_syllable(UGraphemeClusterBreak before, UGraphemeClusterBreak after) {
  switch (before) {
    case U_GCB_L:
      return after == U_GCB_L || after == U_GCB_V || after == U_GCB_LV || after == U_GCB_LVT;
    case U_GCB_LV:
    case U_GCB_V:
      return after == U_GCB_V || after == U_GCB_T;
    case U_GCB_LVT:
    case U_GCB_T:
      return after == U_GCB_T;
    default:
      return false;
  }
}

// Scripts whose consonants a virama joins (GB9c).
bool is_conjoining(UChar32 c) {
  for (const UScriptCode script : {USCRIPT_BENGALI, USCRIPT_DEVANAGARI, USCRIPT_GUJARATI,
                                   USCRIPT_MALAYALAM, USCRIPT_ORIYA, USCRIPT_TELUGU}) {
    if (uscript_hasScript(c, script)) return true;
  }
  return false;
}

bool is_consonant(UChar32 c) {
  return u_getIntPropertyValue(c, UCHAR_INDIC_SYLLABIC_CATEGORY) == U_INSC_CONSONANT &&
         is_conjoining(c);
}

bool is_linker(UChar32 c) {
  return u_getIntPropertyValue(c, UCHAR_INDIC_SYLLABIC_CATEGORY) == U_INSC_VIRAMA &&
         is_conjoining(c);
}

}  // namespace

std::size_t grapheme_length(std::string_view text) {
  std::size_t end = 0;
  const UChar32 first = take_character(text, end);
  const auto is_ascii = [](char byte) { return static_cast<signed char>(byte) >= 0; };
  if (is_ascii(text[0]) && first != '\r' && end < text.size() && is_ascii(text[end])) return end;
  UGraphemeClusterBreak before = break_class(first);
  int flags = before == U_GCB_REGIONAL_INDICATOR;  // at the end of the cluster
  bool pictograph = is_pictograph(first);          // possibly extended
  bool consonant = is_consonant(first), linked = false;
  for (std::size_t next = end; next < text.size(); end = next) {
    const UChar32 c = take_character(text, next);
    const UGraphemeClusterBreak after = break_class(c);
    const bool extends = after == U_GCB_EXTEND || after == U_GCB_ZWJ;
    const bool joins =
        is_control(before) || is_control(after)
            ? before == U_GCB_CR && after == U_GCB_LF
            : extends || after == U_GCB_SPACING_MARK || before == U_GCB_PREPEND ||
                  is_one_syllable(before, after) ||
                  (before == U_GCB_ZWJ && pictograph && is_pictograph(c)) ||
                  (before == U_GCB_REGIONAL_INDICATOR && after == before && flags % 2 == 1) ||
                  (consonant && linked && is_consonant(c));
    if (!joins) break;
    flags = after == U_GCB_REGIONAL_INDICATOR ? flags + 1 : 0;
    pictograph = extends ? pictograph : is_pictograph(c);
    linked = extends && (linked || is_linker(c));
    consonant = extends ? consonant && c != kZeroWidthNonJoiner : is_consonant(c);
    before = after;
  }
  return end;
}

}  // namespace braid
