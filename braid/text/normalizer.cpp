#include "braid/text/normalizer.h"

#include <fmt/ranges.h>
#include <unicode/bytestream.h>

#include <algorithm>
#include <map>

#include "braid/error.h"
#include "braid/text/characters.h"
#include "braid/text/matcher.h"
#include "braid/text/precompiled_charsmap.h"
#include "braid/text/tokenizer_json.h"

namespace braid {
namespace {

using Json = nlohmann::json;

std::string normalize(NormalizationForm form, std::string text) {
  const auto is_ascii = [](char byte) { return static_cast<signed char>(byte) >= 0; };
  if (std::all_of(text.begin(), text.end(), is_ascii)) return text;
  UErrorCode status = U_ZERO_ERROR;
  std::string result;
  icu::StringByteSink<std::string> sink(&result);
  normalization(form).normalizeUTF8(0, text, sink, nullptr, status);
  require(U_SUCCESS(status), "ICU cannot normalise a text: {}", u_errorName(status));
  return result;
}

template <NormalizationForm form>
Normalizer unicode(const Json&, const std::string&) {
  return {[](std::string text) { return normalize(form, std::move(text)); }};
}

// `change` appends the replacement of each character.
template <typename Change>
std::string each_character(const std::string& text, Change change) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t next = 0; next < text.size();) change(take_character(text, next), result);
  return result;
}

Normalizer lowercase(const Json&, const std::string&) {
  return {[](const std::string& text) {
    return each_character(text, [](UChar32 c, std::string& result) {
      if (c == 0x130) {
        result += "i\u0307";
      } else {
        append_character(lower_case(c), result);
      }
    });
  }};
}

Normalizer strip_accents(const Json&, const std::string&) {
  return {[](const std::string& text) {
            return each_character(text, [](UChar32 c, std::string& result) {
              if (!is_combining_mark(c)) append_character(c, result);
            });
          },
          false};
}

Normalizer strip(const Json& json, const std::string& source) {
  const bool left = read_flag(json, "strip_left", source);
  const bool right = read_flag(json, "strip_right", source);
  return {[left, right](const std::string& text) {
            std::string_view kept = text;
            if (left) kept.remove_prefix(white_space_after(kept, 0));
            if (right) kept = kept.substr(0, white_space_before(kept, kept.size()));
            return std::string(kept);
          },
          !left};
}

Normalizer prepend(const Json& json, const std::string& source) {
  return {[start = expect_text(member(json, "prepend"), "normalizer.prepend", source)](
              const std::string& text) { return text.empty() ? text : start + text; },
          false};
}

Normalizer replace(const Json& json, const std::string& source) {
  const Matcher pattern = read_matcher(member(json, "pattern"), source);
  return {[pattern, content = expect_text(member(json, "content"), "normalizer.content", source)](
              const std::string& text) {
            std::string result;
            result.reserve(text.size());
            for_each_match(text, pattern, [&](std::string_view part, bool matches) {
              result += matches ? content : part;
            });
            return result;
          },
          false};
}

Normalizer precompiled(const Json& json, const std::string& source) {
  const PrecompiledCharsmap charsmap(
      expect_text(member(json, "precompiled_charsmap"), "normalizer.precompiled_charsmap", source),
      source);
  return {[charsmap](const std::string& text) { return charsmap.normalize(text); }, false};
}

Normalizer sequence(const Json& json, const std::string& source) {
  const Json& list = member(json, "normalizers");
  require(list.is_array(), "{}: expected normalizers to be a list, found {}", source,
          list.type_name());
  std::vector<Normalizer> steps;
  bool keeps_start = true;
  for (const Json& step : list) {
    require(!step.is_null(), "{}: a normalizer of a Sequence is null; remove it", source);
    steps.push_back(read_normalizer(step, source));
    keeps_start &= steps.back().keeps_start;
  }
  return {[steps](std::string text) {
            for (const Normalizer& step : steps) text = step.apply(std::move(text));
            return text;
          },
          keeps_start};
}

using ReadNormalizer = Normalizer (*)(const Json&, const std::string&);

const std::map<std::string, ReadNormalizer> kNormalizers = {
    {"Lowercase", lowercase},
    {"NFC", unicode<NormalizationForm::nfc>},
    {"NFD", unicode<NormalizationForm::nfd>},
    {"NFKC", unicode<NormalizationForm::nfkc>},
    {"NFKD", unicode<NormalizationForm::nfkd>},
    {"Precompiled", precompiled},
    {"Prepend", prepend},
    {"Replace", replace},
    {"Sequence", sequence},
    {"Strip", strip},
    {"StripAccents", strip_accents}};

}  // namespace

Normalizer read_normalizer(const Json& json, const std::string& source) {
  if (json.is_null()) {
    return {[](std::string text) { return text; }};
  }
  return find_component(kNormalizers, "normalizer", json, source)(json, source);
}

}  // namespace braid
