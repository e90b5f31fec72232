#include "braid/models/sentence_modules.h"

#include <algorithm>
#include <array>

#include "braid/checkpoint/weights.h"
#include "braid/error.h"
#include "braid/json/json_field.h"
#include "braid/json/json_text.h"
#include "braid/json/printable.h"

namespace braid {
namespace {

namespace fs = std::filesystem;

constexpr const char* transformer_file = "sentence_bert_config.json";

// An empty object where there is no file.
nlohmann::json read_json(const fs::path& file) {
  if (!is_there(file)) return nlohmann::json::object();
  return parse_json(MappedFile::open(file)->bytes(), file.string());
}

// Is there a value, other than null?
bool said(const JsonField& object, const std::string& key) {
  return object.has(key) && !object.at(key).json().is_null();
}

struct Mode {
  const char* name;
  const char* flag;  // of older files
  Pooling pooling;
};
// In the order that older files' flags put them side by side.
constexpr std::array modes = {
    Mode{"cls", "pooling_mode_cls_token", Pooling::cls},
    Mode{"max", "pooling_mode_max_tokens", Pooling::max},
    Mode{"mean", "pooling_mode_mean_tokens", Pooling::mean},
    Mode{"mean_sqrt_len_tokens", "pooling_mode_mean_sqrt_len_tokens", Pooling::mean_sqrt_length},
    Mode{"weightedmean", "pooling_mode_weightedmean_tokens", Pooling::weighted_mean},
    Mode{"lasttoken", "pooling_mode_lasttoken", Pooling::last_token},
};

std::vector<Pooling> read_pooling(const JsonField& config) {
  std::vector<Pooling> found;
  if (said(config, "pooling_mode")) {
    const JsonField named = config.at("pooling_mode");
    const std::vector<JsonField> names =
        named.json().is_array() ? named.items() : std::vector<JsonField>{named};
    for (const JsonField& name : names) {
      const auto mode = std::find_if(modes.begin(), modes.end(),
                                     [&](const Mode& one) { return name.text() == one.name; });
      if (mode == modes.end()) {
        name.refuse("cls, max, mean, mean_sqrt_len_tokens, weightedmean or lasttoken");
      }
      found.push_back(mode->pooling);
    }
  } else {
    for (const Mode& mode : modes) {
      if (config.boolean(mode.flag, false)) found.push_back(mode.pooling);
    }
  }
  if (found.empty()) found.push_back(Pooling::mean);
  return found;
}

// What is done to texts before the tokenizer; empty = nothing.
std::string changes_of_texts(const fs::path& folder, const nlohmann::json& settings) {
  if (JsonField(settings, (folder / transformer_file).string()).boolean("do_lower_case", false)) {
    return fmt::format("{} has do_lower_case", transformer_file);
  }
  const fs::path file = folder / "config_sentence_transformers.json";
  const nlohmann::json all = read_json(file);
  const JsonField config(all, file.string());
  if (!said(config, "default_prompt_name")) return "";
  const std::string name = config.at("default_prompt_name").text();
  const std::string prompt = config.at("prompts").at(name).text();
  return prompt.empty() ? ""
                        : fmt::format("{} puts '{}' in front of each", file.filename().string(),
                                      printable(prompt));
}

// Tokens of a text: what the encoder says, or its tokenizer.
std::int64_t longest_text(const fs::path& folder, const nlohmann::json& settings) {
  const JsonField own(settings, (folder / transformer_file).string());
  if (said(own, "max_seq_length")) return own.at("max_seq_length").integer(1);
  const fs::path file = folder / "tokenizer_config.json";
  const nlohmann::json tokenizer = read_json(file);
  const auto longest = tokenizer.find("model_max_length");
  // Without a limit of its own transformers writes 1e30.
  const bool limits = longest != tokenizer.end() && longest->is_number_integer();
  return limits ? JsonField(*longest, file.string() + ": model_max_length").integer(1) : 0;
}

}  // namespace

std::optional<SentencePooling> read_sentence_modules(const fs::path& folder) {
  const fs::path file = folder / "modules.json";
  if (!is_there(file)) return std::nullopt;
  const nlohmann::json listed = read_json(file);
  SentencePooling pooling;
  for (const JsonField& one : JsonField(listed, file.string()).items()) {
    const std::string& type = one.at("type").text();
    const std::string name = type.substr(type.rfind('.') + 1);
    const fs::path place = folder / one.at("path").text();
    require(!pooling.normalised && (name == "Normalize") == !pooling.modes.empty(),
            "{}: {} in this place is not supported: a Transformer, Pooling, and perhaps Normalize "
            "are; without modules.json the Transformer is read alone",
            file.string(), name);
    if (name == "Transformer") {
      require(place == folder / "", "{}: the Transformer is in {}: give that folder", file.string(),
              place.string());
    } else if (name == "Pooling") {
      const fs::path config = place / "config.json";
      const nlohmann::json settings = read_json(config);
      pooling.modes = read_pooling(JsonField(settings, config.string()));
    } else if (name == "Normalize") {
      pooling.normalised = true;
    } else {
      fail("{}: a module {} is not supported; without modules.json the Transformer is read alone",
           file.string(), name);
    }
  }
  require(!pooling.modes.empty(), "{}: names no Pooling", file.string());
  const nlohmann::json settings = read_json(folder / transformer_file);
  pooling.longest = longest_text(folder, settings);
  pooling.text_changes = changes_of_texts(folder, settings);
  return pooling;
}

}  // namespace braid
