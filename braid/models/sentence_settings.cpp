#include "braid/models/sentence_settings.h"

#include <algorithm>
#include <array>

#include "braid/checkpoint/weights.h"
#include "braid/error.h"
#include "braid/json/json_text.h"
#include "braid/json/printable.h"

namespace braid {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

// In search order; empty objects are skipped.
constexpr std::array transformer_files = {
    "sentence_bert_config.json",       "sentence_roberta_config.json",
    "sentence_distilbert_config.json", "sentence_camembert_config.json",
    "sentence_albert_config.json",     "sentence_xlm-roberta_config.json",
    "sentence_xlnet_config.json",
};

// The first name is used since 5.4, the second before; the second takes precedence.
constexpr std::array arguments_of_tokenizer = {"processor_kwargs", "tokenizer_args"};

const Json& nothing() {
  static const Json empty = Json::object();
  return empty;
}

std::vector<Setting> transformer_settings(bool alone) {
  std::vector<Setting> known = {
      {"max_seq_length"},
      {"do_lower_case"},
      {"unpad_inputs"},
      {"tokenizer_name_or_path", {nullptr}},
      {"query_length", {nullptr}},
      {"document_length", {nullptr}},
      {"query_expansion", {nullptr}},
      {"processing_kwargs", {nothing()}},
  };
  for (const char* key : {"model_args", "model_kwargs", "config_args", "config_kwargs"}) {
    known.push_back({key, {nothing()}});
  }
  for (const char* key : arguments_of_tokenizer) known.push_back({key});
  if (alone) {  // no effect: the class is read from config.json
    for (const char* key : {"transformer_task", "modality_config", "module_output_name"}) {
      known.push_back({key});
    }
  } else {
    const Json states = {{"method", "forward"}, {"method_output_name", "last_hidden_state"}};
    known.push_back({"transformer_task", {"feature-extraction"}});
    known.push_back({"modality_config", {Json{{"text", states}}}});
    known.push_back({"module_output_name", {"token_embeddings"}});
  }
  return known;
}

// Ignored: files cannot allow code to run.
void drop_trust(Json& settings) {
  for (Json& value : settings) {
    if (value.is_object()) value.erase("trust_remote_code");
  }
}

}  // namespace

Json read_settings(const fs::path& file) {
  if (!is_there(file)) return nothing();
  return parse_json(MappedFile::open(file)->bytes(), file.string());
}

void require_settings(const JsonField& settings, const std::vector<Setting>& known) {
  for (const std::string& key : settings.keys()) {
    const auto setting = std::find_if(
        known.begin(), known.end(), [&](const Setting& candidate) { return candidate.key == key; });
    require(setting != known.end(),
            "{}: unknown key '{}', which may change embeddings; remove it if it does not",
            settings.where(), printable(key));
    const std::vector<Json>& values = setting->values;
    const Json& value = settings.at(key).json();
    if (values.empty() || value.is_null()) continue;
    if (std::find(values.begin(), values.end(), value) != values.end()) continue;
    settings.at(key).refuse((values.front().is_null() ? "null" : values.front().dump()) +
                            " (other values change what sentence-transformers computes)");
  }
}

TransformerSettings read_transformer_settings(const fs::path& folder, bool alone) {
  for (const char* name : transformer_files) {
    const fs::path file = folder / name;
    Json all = read_settings(file);
    const JsonField settings(all, file.string());
    if (settings.keys().empty()) continue;
    drop_trust(all);
    require_settings(settings, transformer_settings(alone));
    TransformerSettings found{0, false, name};
    const auto length = [&](const JsonField& field, const char* key) {
      if (field.has(key) && !field.at(key).json().is_null()) {
        found.longest = field.at(key).integer(1);
      }
    };
    length(settings, "max_seq_length");
    for (const char* key : arguments_of_tokenizer) {
      if (!settings.has(key)) continue;
      require_settings(settings.at(key), {{"model_max_length"}});
      length(settings.at(key), "model_max_length");
    }
    if (settings.has("do_lower_case") && !settings.at("do_lower_case").json().is_null()) {
      found.lower_case = settings.at("do_lower_case").boolean();
    }
    return found;
  }
  return {};
}

EncoderSettings read_encoder_settings(const fs::path& folder) {
  const fs::path file = folder / "config_sentence_transformers.json";
  const Json all = read_settings(file);
  const JsonField settings(all, file.string());
  require_settings(settings, {{"__version__"},
                              {"requirements"},
                              {"model_type", {"SentenceTransformer"}},
                              {"prompts"},
                              {"default_prompt_name"},
                              {"similarity_fn_name"},  // compares embeddings, does not change them
                              {"truncate_dim", {nullptr}}});
  EncoderSettings found{"", file.filename().string()};
  const char* default_prompt = "default_prompt_name";
  if (settings.has(default_prompt) && !settings.at(default_prompt).json().is_null()) {
    found.prompt = settings.at("prompts").at(settings.at(default_prompt).text()).text();
  }
  return found;
}

}  // namespace braid
