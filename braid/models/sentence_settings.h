// The settings files of sentence-transformers (6.2): every key that its loader reads is used, known
// to change nothing, or refused.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "braid/json/json_field.h"

namespace braid {

// A key of a settings file and the values that it may have, null beside them. Without any: all.
struct Setting {
  const char* key;
  std::vector<nlohmann::json> values = {};
};
// Error naming a key that is not listed, or has another value.
void require_settings(const JsonField& settings, const std::vector<Setting>& known);

// An empty object where there is no file.
nlohmann::json read_settings(const std::filesystem::path& file);

struct TransformerSettings {
  std::int64_t longest = 0;  // tokens of a text; 0: not said
  bool lower_case = false;   // of texts, before the tokenizer
  std::string file;          // that they are of
};
// Of the Transformer in this folder: sentence_bert_config.json, or its older names. `alone`: no
// module takes its output.
TransformerSettings read_transformer_settings(const std::filesystem::path& folder, bool alone);

struct EncoderSettings {
  std::string prompt;  // in front of each text
  std::string file;
};
// config_sentence_transformers.json.
EncoderSettings read_encoder_settings(const std::filesystem::path& folder);

}  // namespace braid
