#include "braid/text/pre_tokenizer.h"

#include <map>

#include "braid/error.h"
#include "braid/text/characters.h"
#include "braid/text/matcher.h"
#include "braid/text/tokenizer_json.h"
#include "braid/text/word_patterns.h"

namespace braid {
namespace {

using Json = nlohmann::json;
using Visit = PreTokenizer::Visit;

// Are matches removed, and is a part joined to the one before it?
struct Behavior {
  bool removes;
  bool (*joins)(bool match_before, bool match);
};

const std::map<std::string, Behavior> kBehaviors = {
    {"Contiguous", {false, [](bool before, bool here) { return before == here; }}},
    {"Isolated", {false, [](bool, bool) { return false; }}},
    {"MergedWithNext", {false, [](bool before, bool here) { return before && !here; }}},
    {"MergedWithPrevious", {false, [](bool before, bool here) { return !before && here; }}},
    {"Removed", {true, [](bool, bool) { return false; }}}};

void split_at(const Matcher& pattern, bool invert, const Behavior& behavior, std::string_view text,
              bool first, const Visit& visit) {
  std::size_t begin = 0, end = 0;  // of the pending piece
  bool match_before = false;
  const auto flush = [&] {
    if (begin < end) visit(text.substr(begin, end - begin), first && begin == 0);
  };
  for_each_match(text, pattern, [&](std::string_view part, bool matches) {
    matches ^= invert;
    if (end > begin && !behavior.joins(match_before, matches)) {
      flush();
      begin = end;
    }
    end += part.size();
    if (behavior.removes && matches) begin = end;
    match_before = matches;
  });
  flush();
}

PreTokenizer split_at(Matcher pattern, const char* behavior, bool invert = false) {
  return {[pattern = std::move(pattern), invert, chosen = kBehaviors.at(behavior)](
              std::string_view text, bool first, const Visit& visit) {
    split_at(pattern, invert, chosen, text, first, visit);
  }};
}

Matcher character(bool (*belongs)(UChar32)) {
  return [belongs](std::string_view text) {
    std::size_t next = 0;
    return belongs(take_character(text, next)) ? next : 0;
  };
}

PreTokenizer split(const Json& json, const std::string& source) {
  const std::string behavior = expect_text(member(json, "behavior"), "behavior", source);
  require(kBehaviors.contains(behavior), "{}: the behavior {} of Split is unknown", source,
          behavior);
  return split_at(read_matcher(member(json, "pattern"), source), behavior.c_str(),
                  read_flag(json, "invert", source));
}

PreTokenizer digits(const Json& json, const std::string& source) {
  return split_at(character(is_numeric),
                  read_flag(json, "individual_digits", source) ? "Isolated" : "Contiguous");
}

PreTokenizer white_space_split(const Json&, const std::string&) {
  return split_at(character(is_white_space), "Removed");
}

PreTokenizer byte_level(const Json& json, const std::string& source) {
  const bool prefix = read_flag(json, "add_prefix_space", source);
  read_flag(json, "trim_offsets", source);
  const Matcher whole = [](std::string_view text) { return text.size(); };
  const PreTokenizer words =
      split_at(read_flag(json, "use_regex", true, source) ? gpt2_word : whole, "Isolated");
  return {.cut =
              [prefix, words](std::string_view text, bool first, const Visit& visit) {
                std::string prefixed;
                if (prefix && !text.starts_with(' ')) {
                  prefixed = ' ' + std::string(text);
                  text = prefixed;
                }
                words.cut(text, first, visit);
              },
          .keeps_start = false,
          .byte_level = true};
}

PreTokenizer metaspace(const Json& json, const std::string& source) {
  const std::string mark = expect_text(member(json, "replacement"), "replacement", source);
  std::size_t length = 0;
  require(!mark.empty() && (take_character(mark, length), length == mark.size()),
          "{}: expected the replacement of Metaspace to be a character, found '{}'", source, mark);
  const Json& scheme = member(json, "prepend_scheme");
  const bool always = scheme.is_null() || scheme == "always", at_start = scheme == "first";
  require(always || at_start || scheme == "never",
          "{}: expected the prepend_scheme of Metaspace to be always, first or never, found {:.80}",
          source, scheme.dump());
  const bool prefix_denied =
      !member(json, "add_prefix_space").is_null() && !read_flag(json, "add_prefix_space", source);
  require(!prefix_denied || scheme == "never",
          "{}: Metaspace's add_prefix_space is false; expected its prepend_scheme to be never",
          source);
  const Matcher is_mark = [mark](std::string_view text) {
    return text.starts_with(mark) ? mark.size() : 0;
  };
  const Json& splits = member(json, "split");
  const bool splitting = splits.is_null() || read_flag(json, "split", source);
  const PreTokenizer parts = split_at(is_mark, "MergedWithNext");
  return {.cut =
              [=](std::string_view text, bool first, const Visit& visit) {
                std::string marked;
                marked.reserve(text.size() + text.size() / 2 + mark.size());
                const bool has_mark = text.starts_with(' ') || text.starts_with(mark);
                if (!has_mark && (always || (at_start && first))) marked = mark;
                for (const char byte : text) byte == ' ' ? marked += mark : marked += byte;
                splitting ? parts.cut(marked, first, visit) : visit(marked, first);
              },
          .needs_start = at_start,
          .keeps_start = false};
}

using ReadPreTokenizer = PreTokenizer (*)(const Json&, const std::string&);

const std::map<std::string, ReadPreTokenizer> kPreTokenizers = {
    {"ByteLevel", byte_level},
    {"Digits", digits},
    {"Metaspace", metaspace},
    {"Split", split},
    {"WhitespaceSplit", white_space_split}};

// Flattens Sequences.
void read_steps(const Json& json, const std::string& source, std::vector<PreTokenizer>& steps) {
  if (!json.is_object() || member(json, "type") != "Sequence") {
    steps.push_back(find_component(kPreTokenizers, "pre_tokenizer", json, source)(json, source));
    return;
  }
  const Json& list = member(json, "pretokenizers");
  require(list.is_array(), "{}: expected pretokenizers to be a list, found {}", source,
          list.type_name());
  for (const Json& step : list) read_steps(step, source, steps);
}

void run(const std::vector<PreTokenizer>& steps, std::size_t at, std::string_view text, bool first,
         const Visit& visit) {
  if (at == steps.size()) return visit(text, first);
  if (at + 1 == steps.size()) return steps[at].cut(text, first, visit);
  steps[at].cut(text, first, [&](std::string_view piece, bool piece_first) {
    run(steps, at + 1, piece, piece_first, visit);
  });
}

}  // namespace

PreTokenizer read_pre_tokenizer(const Json& json, bool keeps_start, const std::string& source) {
  std::vector<PreTokenizer> steps;
  if (!json.is_null()) read_steps(json, source, steps);
  bool byte_level = false;
  for (const PreTokenizer& step : steps) {
    require(!byte_level,
            "{}: a pre_tokenizer after ByteLevel is not supported; ByteLevel must be the last",
            source);
    require(!step.needs_start || keeps_start,
            "{}: Metaspace's prepend_scheme 'first' is not supported after a step that changes the "
            "start of a text; expected always or never",
            source);
    keeps_start &= step.keeps_start;
    byte_level = step.byte_level;
  }
  return {.cut = [steps](std::string_view text, bool first,
                         const Visit& visit) { run(steps, 0, text, first, visit); },
          .keeps_start = keeps_start,
          .byte_level = byte_level};
}

}  // namespace braid
