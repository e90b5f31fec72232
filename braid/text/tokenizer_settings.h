// What the files beside a vocabulary say of a tokenizer: tokenizer_config.json,
// special_tokens_map.json, added_tokens.json and config.json, put together as transformers'
// AutoTokenizer does (5.24; tests/text/tokenizer_differential.py compares).
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
  std::vector<AddedToken> named;     // and those that are to be added unless they are there already

  // The token of a role that stands in a template. Error where there is none, or it cannot.
  std::string mark(const std::string& role) const;
};

// `tokenizer_json`: that file's content where the folder has one. Error naming file and key where a
// file cannot be read, or asks for what would give other ids here than there.
TokenizerSettings read_tokenizer_settings(const std::filesystem::path& folder,
                                          const nlohmann::json* tokenizer_json);

}  // namespace braid
