// Checked readers for the common parts of Hugging Face's tokenizer files. Errors name the file.
#pragma once

#include <fmt/ranges.h>

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "braid/error.h"
#include "braid/json/json_text.h"
#include "braid/text/tokenizer_description.h"

namespace braid {

// Does a folder list this file, even if it is unreadable or a dangling link?
bool is_listed(const std::filesystem::path& path);

// A whole file, of at most 256 MB.
std::string read_tokenizer_file(const std::filesystem::path& path);

// A JSON object without repeated keys.
nlohmann::json parse_object(const std::filesystem::path& path, KeyOrder* order = nullptr);

// The member `name`, or null.
const nlohmann::json& member(const nlohmann::json& object, const char* name);

std::string expect_text(const nlohmann::json& value, std::string_view name,
                        const std::string& source);

// The member `name`, true or false; `absent` if missing.
bool read_flag(const nlohmann::json& object, const char* name, bool absent,
               const std::string& source);
// Throws if missing.
bool read_flag(const nlohmann::json& object, const char* name, const std::string& source);

// The entry of `known` for the type of a component of tokenizer.json. `part`: its name, such as
// "normalizer", for messages.
template <typename Known>
typename Known::mapped_type find_component(const Known& known, const char* part,
                                           const nlohmann::json& json, const std::string& source) {
  require(json.is_object(), "{}: expected the {} to be an object, found {}", source, part,
          json.type_name());
  const std::string type = expect_text(member(json, "type"), std::string(part) + ".type", source);
  const auto found = known.find(type);
  if (found != known.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [name, make] : known) names.push_back(name);
  fail("{}: the {} {} is not supported; expected one of {}", source, part, type,
       fmt::join(names, ", "));
}

// Tokens by id, from an object token -> id, which may skip a few ids.
Pieces read_pieces(const nlohmann::json& vocabulary, const std::string& source);

// Reads an added token. `named`: a role makes it special, whatever its own flag.
AddedToken read_added_token(const nlohmann::json& json, const std::string& source,
                            bool named = false);

// The list `added_tokens` of tokenizer.json, in its order and with its ids.
std::vector<AddedToken> read_added_tokens(const nlohmann::json& list, const std::string& source);

}  // namespace braid
