#include "braid/text/reading.h"

#include <algorithm>
#include <array>

#include "braid/error.h"
#include "braid/json/json_text.h"
#include "braid/json/printable.h"
#include "braid/text/tokenizer.h"

namespace braid {
namespace {

using Json = nlohmann::json;

const char* text(bool flag) { return flag ? "true" : "false"; }

// A part of a tokenizer.json without keys that change no id or repeat a default.
Json as_meant(Json part) {
  if (!part.is_object()) return part;
  for (const char* list : {"normalizers", "pretokenizers"}) {
    if (!part.contains(list) || !part[list].is_array()) continue;
    for (Json& step : part[list]) step = as_meant(step);
    if (part[list].size() == 1) return part[list].front();
    if (part[list].empty()) return nullptr;
  }
  part.erase("trim_offsets");
  if (part.value("type", Json()) == "ByteLevel") {
    for (const char* key : {"add_prefix_space", "use_regex"}) {
      if (!part.contains(key)) part[key] = true;
    }
  }
  return part;
}

Json model_as_meant(const PipelineDescription& description) {
  const std::array<Json, 4> defaults = {nullptr, false, "", 0};
  Json model = description.model;
  for (auto it = model.begin(); it != model.end();) {
    const bool is_default = std::find(defaults.begin(), defaults.end(), *it) != defaults.end();
    const bool is_id = it.key() == "unk_id" && it->is_number();  // of which 0 is one
    it = is_default && !is_id ? model.erase(it) : std::next(it);
  }
  const Json unknown = model.value("unk_id", Json());
  if (unknown.is_number_unsigned()) {
    model["unk_id"] = description.pieces.by_id.at(unknown.get<std::size_t>());
  }
  return model;
}

std::string names_of(const Tokenizer& tokenizer, const std::vector<std::int64_t>& ids) {
  std::string names;
  for (const std::int64_t id : ids) names += (names.empty() ? "" : " ") + tokenizer.token(id);
  return names;
}

std::string difference(const Reading& first, const Reading& second) {
  constexpr std::size_t most_shown = 60;
  Reading both = first;
  both.insert(second.begin(), second.end());
  for (const auto& [key, unused] : both) {
    const auto value = [&, &key = key](const Reading& reading) {
      const auto found = reading.find(key);
      return found == reading.end() || found->second.empty() ? "none" : found->second;
    };
    const std::string x = value(first), y = value(second);
    if (x == y) continue;
    if (std::max(x.size(), y.size()) > most_shown) return key + " differs";
    return fmt::format("{} is {} in the first and {} in the second", printable(key), printable(x),
                       printable(y));
  }
  return "";
}

}  // namespace

Reading reading_of(const Tokenizer& tokenizer, const TokenizerDescription& description,
                   bool normalises) {
  Reading reading = {{"kind", tokenizer.kind()}};
  for (const AddedToken& token : description.added) {
    reading["added token '" + token.content + "'"] = fmt::format(
        "normalized {}, single_word {}, lstrip {}, rstrip {}", text(token.normalized && normalises),
        text(token.single_word), text(token.lstrip), text(token.rstrip));
  }
  const SequenceTemplate& form = tokenizer.sequence_template();
  reading["the prefix of a text"] = names_of(tokenizer, form.before);
  reading["the suffix of a text"] = names_of(tokenizer, form.after);
  if (form.between) reading["the separator of texts"] = names_of(tokenizer, *form.between);
  reading["token types"] = fmt::format("{} {}", text(form.typed), form.typed_between);
  return reading;
}

Reading reading_of(const WordPieceOptions& options) {
  return {{"do_lower_case", text(options.lower_case)},
          {"strip_accents", text(options.strip_accents.value_or(options.lower_case))},
          {"clean_text", text(options.clean_text)},
          {"tokenize_chinese_chars", text(options.chinese_chars)},
          {"max_input_chars_per_word", std::to_string(options.max_word_characters)},
          {"continuing_subword_prefix", options.prefix},
          {"unk_token", options.unk_token}};
}

Reading reading_of(const PipelineDescription& description) {
  Reading reading = {{"normalizer", to_text(as_meant(description.normalizer))},
                     {"pre_tokenizer", to_text(as_meant(description.pre_tokenizer))},
                     {"model", to_text(model_as_meant(description))}};
  std::string merges, scores;
  for (const auto& [left, right] : description.merges) merges += left + ' ' + right + '\n';
  std::map<std::string, double> by_piece;
  for (std::size_t id = 0; id < description.scores.size(); ++id) {
    by_piece[description.pieces.by_id.at(id)] = description.scores[id];
  }
  for (const auto& [piece, score] : by_piece) scores += fmt::format("{} {}\n", piece, score);
  if (!merges.empty()) reading["merges"] = merges;
  if (!scores.empty()) reading["scores"] = scores;
  return reading;
}

std::string difference_of_reading(const Tokenizer& first, const Tokenizer& second) {
  return difference(first.reading(), second.reading());
}

std::string difference_of_roles(const Tokenizer& first, const Tokenizer& second) {
  const auto roles = [](const Tokenizer& tokenizer) {
    Reading found;
    const auto add = [&](const char* role, const std::optional<std::int64_t>& id) {
      found[role] = id ? tokenizer.token(*id) : "";
    };
    add("mask_token", tokenizer.mask());
    add("eos_token", tokenizer.end_of_text());
    return found;
  };
  return difference(roles(first), roles(second));
}

}  // namespace braid
