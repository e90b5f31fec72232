// The parts that Hugging Face's tokenizer files share, checked. Every Error names the file.
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

// Whether a folder has this file, be it one that cannot be read, or a link that leads nowhere.
bool is_listed(const std::filesystem::path& path);

// A whole file, of at most 256 MB.
std::string read_tokenizer_file(const std::filesystem::path& path);

// A JSON object without repeated keys.
nlohmann::json parse_object(const std::filesystem::path& path, KeyOrder* order = nullptr);

// The member `name`, or null.
const nlohmann::json& member(const nlohmann::json& object, const char* name);

std::string expect_text(const nlohmann::json& value, std::string_view name,
                        const std::string& source);

// True or false; `absent` where there is no such member.
bool read_flag(const nlohmann::json& object, const char* name, bool absent,
               const std::string& source);
// Error where there is none.
bool read_flag(const nlohmann::json& object, const char* name, const std::string& source);

// What `known` has for the type of a part of tokenizer.json: "normalizer", for messages.
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

// Tokens by id of an object token -> id, which may leave a few ids out.
Pieces read_pieces(const nlohmann::json& vocabulary, const std::string& source);

// An added token as an object. `named`: some role makes it special, whatever it says itself.
AddedToken read_added_token(const nlohmann::json& json, const std::string& source,
                            bool named = false);

// The list `added_tokens` of tokenizer.json, in its order and with the ids that it says.
std::vector<AddedToken> read_added_tokens(const nlohmann::json& list, const std::string& source);

}  // namespace braid
