#include "braid/text/tokenizer_json.h"

#include <algorithm>
#include <fstream>
#include <set>

#include "braid/error.h"

namespace braid {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

constexpr std::uintmax_t kLargestFile = 256u << 20;
constexpr int kDeepest = 64;  // the library copies, compares and prints by recursion

AddedToken read_added_token(const Json& json, std::int64_t id, const std::string& source) {
  require(json.is_object(), "{}: expected an added token to be an object, found {}", source,
          json.type_name());
  AddedToken token;
  token.content = expect_text(member(json, "content"), "an added token's content", source);
  token.id = id;
  token.special = read_flag(json, "special", false, source);
  token.normalized = read_flag(json, "normalized", !token.special, source);
  token.single_word = read_flag(json, "single_word", false, source);
  token.lstrip = read_flag(json, "lstrip", false, source);
  token.rstrip = read_flag(json, "rstrip", false, source);
  return token;
}

// An added token may name a piece or take the next free id.
void add_token(AddedToken token, const std::string& source, std::vector<std::string>& tokens,
               std::vector<AddedToken>& added) {
  const auto size = static_cast<std::int64_t>(tokens.size());
  if (token.id == size) {
    tokens.push_back(token.content);
  } else {
    require(token.id < size,
            "{}: added token '{}' has id {}; expected {} at most, or there are gaps", source,
            token.content, token.id, size);
    require(tokens[token.id] == token.content, "{}: id {} is '{}' and the added token '{}'", source,
            token.id, tokens[token.id], token.content);
  }
  added.push_back(std::move(token));
}

}  // namespace

std::string read_tokenizer_file(const fs::path& path) {
  std::error_code problem;
  const std::uintmax_t size = fs::file_size(path, problem);
  require(!problem, "{}: cannot be read: {}", path.string(), problem.message());
  require(size <= kLargestFile, "{}: {} bytes are no tokenizer; expected at most {}", path.string(),
          size, kLargestFile);
  std::ifstream file(path, std::ios::binary);
  std::string content(size, '\0');
  file.read(content.data(), static_cast<std::streamsize>(size));
  require(file.gcount() == static_cast<std::streamsize>(size), "{}: cannot be read to its end",
          path.string());
  return content;
}

Json parse_object(const fs::path& path) {
  const std::string content = read_tokenizer_file(path);
  // The library keeps the last of two equal keys; a vocabulary with such is broken.
  std::vector<std::set<std::string>> keys;
  std::string repeated;
  const auto check_keys = [&](int depth, Json::parse_event_t event, Json& value) {
    require(depth <= kDeepest, "{}: not valid JSON for a tokenizer: nested deeper than {}",
            path.string(), kDeepest);
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key && !keys.back().insert(value.get<std::string>()).second) {
      repeated = value.get<std::string>();
    }
    return true;
  };
  Json json;
  try {
    json = Json::parse(content, check_keys);
  } catch (const Json::exception& problem) {
    fail("{}: not valid JSON: {}", path.string(), problem.what());
  }
  require(repeated.empty(), "{}: '{}' is there twice in one object", path.string(), repeated);
  require(json.is_object(), "{}: expected a JSON object, found {}", path.string(),
          json.type_name());
  return json;
}

const Json& member(const Json& object, const char* name) {
  static const Json null;
  const auto found = object.find(name);
  return found == object.end() ? null : *found;
}

std::string expect_text(const Json& value, std::string_view name, const std::string& source) {
  require(value.is_string(), "{}: expected {} to be a string, found {}", source, name,
          value.type_name());
  return value.get<std::string>();
}

bool read_flag(const Json& object, const char* name, bool absent, const std::string& source) {
  const Json& value = member(object, name);
  if (value.is_null()) return absent;
  require(value.is_boolean(), "{}: expected {} to be true or false, found {}", source, name,
          value.dump());
  return value.get<bool>();
}

std::int64_t expect_id(const Json& value, const std::string& token, const std::string& source) {
  require(value.is_number_integer() && value >= 0 && value <= INT32_MAX,
          "{}: expected the id of '{}' to be a small whole number, found {}", source, token,
          value.dump());
  return value.get<std::int64_t>();
}

std::vector<std::string> read_pieces(const Json& vocabulary, const std::string& source) {
  require(vocabulary.is_object(), "{}: expected model.vocab to be an object, found {}", source,
          vocabulary.type_name());
  const auto count = static_cast<std::int64_t>(vocabulary.size());
  std::vector<std::string> tokens(static_cast<std::size_t>(count));
  std::vector<bool> seen(count, false);
  for (const auto& [token, value] : vocabulary.items()) {
    const std::int64_t id = expect_id(value, token, source);
    require(id < count, "{}: '{}' has id {}, but there are only {} tokens: ids have a gap", source,
            token, id, count);
    require(!seen[id], "{}: '{}' and '{}' have the same id, {}", source, tokens[id], token, id);
    seen[id] = true;
    tokens[id] = token;
  }
  return tokens;
}

std::vector<AddedToken> read_added_tokens(const Json& list, const std::string& source,
                                          std::vector<std::string>& tokens) {
  require(list.is_array() || list.is_null(), "{}: expected added_tokens to be a list, found {}",
          source, list.type_name());
  std::vector<AddedToken> added;
  for (const Json& token : list) {
    AddedToken read = read_added_token(token, 0, source);
    read.id = expect_id(member(token, "id"), read.content, source);
    add_token(std::move(read), source, tokens, added);
  }
  return added;
}

std::vector<AddedToken> read_added_tokens_decoder(const Json& object, const std::string& source,
                                                  std::vector<std::string>& tokens) {
  require(object.is_object() || object.is_null(),
          "{}: expected added_tokens_decoder to be an object, found {}", source,
          object.type_name());
  std::vector<AddedToken> sorted, added;  // "10" comes before "9" in JSON
  for (const auto& [id, token] : object.items()) {
    const bool number =
        !id.empty() && id.size() < 10 && id.find_first_not_of("0123456789") == std::string::npos;
    require(number, "{}: expected the ids of added_tokens_decoder, found '{}'", source, id);
    sorted.push_back(read_added_token(token, std::stoll(id), source));
  }
  std::sort(sorted.begin(), sorted.end(),
            [](const AddedToken& a, const AddedToken& b) { return a.id < b.id; });
  for (AddedToken& token : sorted) add_token(std::move(token), source, tokens, added);
  return added;
}

void read_name(const Json& config, const char* name, const std::string& source,
               std::string& token) {
  const Json& value = member(config, name);
  if (value.is_null()) return;
  token = expect_text(value.is_object() ? member(value, "content") : value, name, source);
}

Json read_tokenizer_config(const fs::path& folder) {
  std::error_code ignored;
  require(fs::is_directory(folder, ignored), "{}: expected a checkpoint folder, found none",
          folder.string());
  const fs::path path = folder / "tokenizer_config.json";
  return fs::exists(path, ignored) ? parse_object(path) : Json::object();
}

}  // namespace braid
