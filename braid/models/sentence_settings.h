// Settings files of sentence-transformers (6.2): every key that its loader reads is either used,
// known to have no effect, or refused.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "braid/json/json_field.h"

namespace braid {

// A key of a settings file and its allowed values besides null; empty: any value.
struct Setting {
  const char* key;
  std::vector<nlohmann::json> values = {};
};
// Error naming a key that is not in `known`, or has a value that is not allowed.
void require_settings(const JsonField& settings, const std::vector<Setting>& known);

// An empty object if there is no file.
nlohmann::json read_settings(const std::filesystem::path& file);

struct TransformerSettings {
  std::int64_t longest = 0;  // maximum tokens of a text; 0: not set
  bool lower_case = false;   // lower-case texts before the tokenizer
  std::string file;          // name of the settings file
};
// Reads sentence_bert_config.json of this folder, or its older names. `alone`: the only module.
TransformerSettings read_transformer_settings(const std::filesystem::path& folder, bool alone);

struct EncoderSettings {
  std::string prompt;  // added before each text
  std::string file;
};
// config_sentence_transformers.json.
EncoderSettings read_encoder_settings(const std::filesystem::path& folder);

}  // namespace braid
