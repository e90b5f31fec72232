// BERT's basic tokenization: normalises text like Hugging Face's BertNormalizer, then splits it
// into words like its BertPreTokenizer.
#pragma once

#include <unicode/utf8.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "braid/text/characters.h"

namespace braid {

struct NormalizerOptions {
  bool clean_text = true;     // drop controls, turn white space into spaces
  bool chinese_chars = true;  // spaces around CJK ideographs
  bool strip_accents = true;  // NFD without nonspacing marks
  bool lower_case = true;
};

class TextNormalizer {
 public:
  explicit TextNormalizer(NormalizerOptions options);

  // Appends the normalised `text` (valid UTF-8) to `normalized`.
  void append(std::string_view text, std::string& normalized) const;

 private:
  void append_run(icu::UnicodeString& run, std::string& normalized) const;

  NormalizerOptions options_;
  std::array<char, 128> ascii_;  // normalised ASCII; 0 is dropped when cleaning
};

// `text` itself if it is valid UTF-8; else `repaired`, with U+FFFD for every maximal broken part
// (Hugging Face does not accept such text; cleaning then drops U+FFFD).
std::string_view repair_utf8(std::string_view text, std::string& repaired);

bool is_valid_utf8(std::string_view text);

// Calls visit(word, characters) for each word of normalised text, which is split at white space and
// around every punctuation character.
template <typename Visit>
void for_each_word(std::string_view normalized, Visit&& visit) {
  const char* bytes = normalized.data();
  const auto length = static_cast<std::int64_t>(normalized.size());
  std::int64_t start = 0;
  std::int64_t characters = 0;
  for (std::int64_t next = 0; next < length;) {
    const std::int64_t at = next;
    UChar32 c;
    U8_NEXT_OR_FFFD(bytes, next, length, c);
    const bool letter = c < 0x80 ? (c | 0x20) >= 'a' && (c | 0x20) <= 'z' : false;
    const bool space = !letter && is_white_space(c);
    if (letter || (!space && !is_punctuation(c))) {
      ++characters;
      continue;
    }
    if (characters > 0) visit(normalized.substr(start, at - start), characters);
    if (!space) visit(normalized.substr(at, next - at), std::int64_t{1});
    start = next;
    characters = 0;
  }
  if (characters > 0) visit(normalized.substr(start), characters);
}

}  // namespace braid
