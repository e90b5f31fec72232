// The parts that Hugging Face's tokenizer files share, checked. Every Error names the file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "braid/text/added_tokens.h"

namespace braid {

// A whole file, of at most 256 MB.
std::string read_tokenizer_file(const std::filesystem::path& path);

// A JSON object without repeated keys.
nlohmann::json parse_object(const std::filesystem::path& path);

// The member `name`, or null.
const nlohmann::json& member(const nlohmann::json& object, const char* name);

std::string expect_text(const nlohmann::json& value, std::string_view name,
                        const std::string& source);

bool read_flag(const nlohmann::json& object, const char* name, bool absent,
               const std::string& source);

std::int64_t expect_id(const nlohmann::json& value, const std::string& token,
                       const std::string& source);

// Tokens by id, without gaps, of an object token -> id.
std::vector<std::string> read_pieces(const nlohmann::json& vocabulary, const std::string& source);

// The list `added_tokens` of tokenizer.json. New ids extend `tokens`.
std::vector<AddedToken> read_added_tokens(const nlohmann::json& list, const std::string& source,
                                          std::vector<std::string>& tokens);

// The object `added_tokens_decoder` of tokenizer_config.json, likewise.
std::vector<AddedToken> read_added_tokens_decoder(const nlohmann::json& object,
                                                  const std::string& source,
                                                  std::vector<std::string>& tokens);

// A name in tokenizer_config.json: a string, or an added token as an object; `token` stays as it is
// where there is none.
void read_name(const nlohmann::json& config, const char* name, const std::string& source,
               std::string& token);

// tokenizer_config.json of a folder; empty where there is none. Error where there is no folder.
nlohmann::json read_tokenizer_config(const std::filesystem::path& folder);

}  // namespace braid
