#include "braid/text/matcher.h"

#include <fmt/ranges.h>

#include <map>

#include "braid/error.h"
#include "braid/text/characters.h"
#include "braid/text/tokenizer_json.h"
#include "braid/text/word_patterns.h"

namespace braid {
namespace {

std::size_t two_spaces_or_more(std::string_view text) {
  const std::size_t length = std::min(text.find_first_not_of(' '), text.size());
  return length < 2 ? 0 : length;
}

std::size_t white_space_but_one_space(std::string_view text) {
  std::size_t end = 0, count = 0;
  for (std::size_t next = 0; next < text.size() && is_white_space(take_character(text, next));) {
    end = next;
    ++count;
  }
  const char first = text.front();
  return count > 1 || first == '\n' || first == '\r' || first == '\t' ? end : 0;
}

const std::map<std::string, Matcher>& expressions() {
  static const std::map<std::string, Matcher> known = {
      {R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)", gpt2_word},
      {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|)"
       R"(\s*[\r\n]+|\s+(?!\S)|\s+)",
       [](std::string_view text) { return llama_word(text, 1); }},
      {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+)"
       R"([\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
       [](std::string_view text) { return llama_word(text, 3); }},
      {" {2,}", two_spaces_or_more},
      {R"(\s{2,}|[\n\r\t])", white_space_but_one_space}};
  return known;
}

}  // namespace

Matcher read_matcher(const nlohmann::json& json, const std::string& source) {
  require(
      json.is_object() && json.size() == 1 && (json.contains("String") || json.contains("Regex")),
      "{}: expected a pattern to be an object with String or Regex, found {:.80}", source,
      json.dump());
  if (json.contains("String")) {
    std::string text = expect_text(json["String"], "a pattern's String", source);
    require(!text.empty(), "{}: a pattern is empty, which is not supported; remove it", source);
    return [text = std::move(text)](std::string_view rest) {
      return rest.starts_with(text) ? text.size() : 0;
    };
  }
  const std::string expression = expect_text(json["Regex"], "a pattern's Regex", source);
  const auto known = expressions().find(expression);
  require(
      known != expressions().end(),
      "{}: the regular expression '{}' is not supported, only those of GPT-2, Qwen2, Llama 3, T5 "
      "and DeBERTa",
      source, expression);
  return known->second;
}

}  // namespace braid
