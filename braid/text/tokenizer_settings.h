// Settings of a tokenizer in the files beside its vocabulary (tokenizer_config.json,
// special_tokens_map.json, added_tokens.json and config.json), combined as in transformers'
// AutoTokenizer (5.24; tests/text/tokenizer_differential.py compares).
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "braid/text/tokenizer_class.h"
#include "braid/text/tokenizer_description.h"

namespace braid {

struct TokenizerSettings {
  std::string source;  // tokenizer_config.json, for messages
  const TokenizerClass* type = nullptr;
  nlohmann::json options;
  std::map<std::string, std::string> names;  // as in TokenizerDescription
  std::vector<std::string> extra;
  std::vector<AddedToken> declared;  // added tokens
  std::vector<AddedToken> named;     // to be added unless they exist

  // The token of a role, for a template. Throws if there is none, or a template cannot contain it.
  std::string mark(const std::string& role) const;
};

// `tokenizer_json`: that file's content, or null. Throws, naming file and key, if a file cannot be
// read or has a setting under which ids would differ from transformers'.
TokenizerSettings read_tokenizer_settings(const std::filesystem::path& folder,
                                          const nlohmann::json* tokenizer_json);

}  // namespace braid
