#include "braid/models/sentence_modules.h"

#include <algorithm>
#include <array>

#include "braid/checkpoint/weights.h"
#include "braid/error.h"
#include "braid/json/json_field.h"
#include "braid/json/printable.h"
#include "braid/models/sentence_settings.h"

namespace braid {
namespace {

namespace fs = std::filesystem;

// True if the key has a value other than null.
bool said(const JsonField& object, const std::string& key) {
  return object.has(key) && !object.at(key).json().is_null();
}

struct Mode {
  const char* name;
  const char* flag;  // of older files
  Pooling pooling;
};
// In the order in which older files' flags concatenate them.
constexpr std::array modes = {
    Mode{"cls", "pooling_mode_cls_token", Pooling::cls},
    Mode{"max", "pooling_mode_max_tokens", Pooling::max},
    Mode{"mean", "pooling_mode_mean_tokens", Pooling::mean},
    Mode{"mean_sqrt_len_tokens", "pooling_mode_mean_sqrt_len_tokens", Pooling::mean_sqrt_length},
    Mode{"weightedmean", "pooling_mode_weightedmean_tokens", Pooling::weighted_mean},
    Mode{"lasttoken", "pooling_mode_lasttoken", Pooling::last_token},
};

// The modules that braid runs, in their order; the last may be missing, or the last two.
constexpr std::array<std::string_view, 3> chain = {"Transformer", "Pooling", "Normalize"};

std::vector<Pooling> read_pooling(const JsonField& config) {
  std::vector<Setting> known = {{"embedding_dimension"},
                                {"word_embedding_dimension"},
                                {"pooling_mode"},
                                {"include_prompt"}};  // no effect without prompts
  for (const Mode& mode : modes) known.push_back({mode.flag});
  require_settings(config, known);
  std::vector<Pooling> found;
  if (said(config, "pooling_mode")) {
    const JsonField named = config.at("pooling_mode");
    const std::vector<JsonField> names =
        named.json().is_array() ? named.items() : std::vector<JsonField>{named};
    for (const JsonField& name : names) {
      const auto mode = std::find_if(modes.begin(), modes.end(),
                                     [&](const Mode& known) { return name.text() == known.name; });
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

// Changes made to texts before the tokenizer, for messages; empty if none.
std::string changes_of_texts(const TransformerSettings& transformer,
                             const EncoderSettings& encoder) {
  if (transformer.lower_case) return transformer.file + " has do_lower_case";
  if (encoder.prompt.empty()) return "";
  return fmt::format("{} adds the prompt '{}'", encoder.file, printable(encoder.prompt));
}

// The tokenizer's maximum number of tokens; 0: limited only by the model's positions.
std::int64_t longest_of_tokenizer(const fs::path& folder) {
  const fs::path file = folder / "tokenizer_config.json";
  const nlohmann::json tokenizer = read_settings(file);
  const auto longest = tokenizer.find("model_max_length");
  // transformers writes 1e30 for no limit.
  const bool limits = longest != tokenizer.end() && longest->is_number_integer();
  return limits ? JsonField(*longest, file.string() + ": model_max_length").integer(1) : 0;
}

// The modules of modules.json: class name without package, and folder.
std::vector<std::pair<std::string, fs::path>> read_modules(const fs::path& folder,
                                                           const JsonField& listed) {
  constexpr std::string_view library = "sentence_transformers.";
  std::vector<std::pair<std::string, fs::path>> modules;
  for (const JsonField& module : listed.items()) {
    require_settings(module, {{"idx"}, {"name"}, {"path"}, {"type"}, {"kwargs"}});
    const std::string& type = module.at("type").text();
    require(
        type.starts_with(library),
        "{}: the module {} is custom code, which braid does not run; remove modules.json to use "
        "the Transformer alone",
        listed.where(), printable(type));
    modules.emplace_back(type.substr(type.rfind('.') + 1), folder / module.at("path").text());
  }
  return modules;
}

}  // namespace

std::optional<SentencePooling> read_sentence_modules(const fs::path& folder) {
  const fs::path file = folder / "modules.json";
  if (!is_there(file)) return std::nullopt;
  const nlohmann::json listed = read_settings(file);
  SentencePooling pooling;
  const auto modules = read_modules(folder, JsonField(listed, file.string()));
  for (std::size_t i = 0; i < modules.size(); ++i) {
    const auto& [name, place] = modules[i];
    require(i < chain.size() && name == chain[i],
            "{}: {} as module {} is not supported; supported: Transformer, Pooling, optionally "
            "Normalize. Remove modules.json to use the Transformer alone",
            file.string(), printable(name), i);
    const fs::path config = place / "config.json";
    if (i == 0) {
      require(place == folder / "", "{}: the Transformer is in {}; give that folder instead",
              file.string(), place.string());
      continue;
    }
    const nlohmann::json settings = read_settings(config);
    if (name == "Pooling") {
      pooling.modes = read_pooling(JsonField(settings, config.string()));
    } else {
      require_settings(JsonField(settings, config.string()),
                       {{"module_input_name", {"sentence_embedding"}},
                        {"module_output_name", {"sentence_embedding"}}});
      pooling.normalised = true;
    }
  }
  const bool alone = modules.size() == 1;
  const TransformerSettings transformer = read_transformer_settings(folder, alone);
  if (alone) return std::nullopt;  // a cross-encoder, i.e. an ordinary classifier
  const EncoderSettings encoder = read_encoder_settings(folder);
  pooling.longest = transformer.longest > 0 ? transformer.longest : longest_of_tokenizer(folder);
  pooling.text_changes = changes_of_texts(transformer, encoder);
  return pooling;
}

}  // namespace braid
