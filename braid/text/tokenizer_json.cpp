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

constexpr std::int64_t kMostMissing = 1 << 20;  // skipped ids; each takes memory

std::int64_t expect_id(const Json& value, const std::string& token, const std::string& source) {
  require(value.is_number_integer() && value >= 0 && value <= INT32_MAX,
          "{}: expected the id of '{}' to be an integer from 0 to {}, found {}", source, token,
          INT32_MAX, value.dump());
  return value.get<std::int64_t>();
}

}  // namespace

bool is_listed(const fs::path& path) {
  std::error_code problem;
  return fs::symlink_status(path, problem).type() != fs::file_type::not_found;
}

std::string read_tokenizer_file(const fs::path& path) {
  std::error_code problem;
  const std::uintmax_t size = fs::file_size(path, problem);
  require(!problem, "{}: cannot be read: {}", path.string(), problem.message());
  require(size <= kLargestFile, "{}: {} bytes; expected a tokenizer of at most {}", path.string(),
          size, kLargestFile);
  std::ifstream file(path, std::ios::binary);
  std::string content(size, '\0');
  file.read(content.data(), static_cast<std::streamsize>(size));
  require(file.gcount() == static_cast<std::streamsize>(size), "{}: cannot be read completely",
          path.string());
  return content;
}

Json parse_object(const fs::path& path, KeyOrder* order) {
  const std::string content = read_tokenizer_file(path);
  // The JSON library would skip it; Hugging Face rejects such a file.
  require(!content.starts_with("\xEF\xBB\xBF"),
          "{}: starts with a byte order mark, which is not JSON; save it without one",
          path.string());
  Json json = parse_json(content, path.string(), {}, order);
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
  const auto value = object.find(name);
  return value == object.end() ? absent : read_flag(object, name, source);
}

bool read_flag(const Json& object, const char* name, const std::string& source) {
  const Json& value = member(object, name);
  require(value.is_boolean(), "{}: expected {} to be true or false, found {:.80}", source, name,
          value.dump());
  return value.get<bool>();
}

Pieces read_pieces(const Json& vocabulary, const std::string& source) {
  require(vocabulary.is_object(), "{}: expected the vocabulary to be an object, found {}", source,
          vocabulary.type_name());
  Pieces pieces;
  pieces.count = static_cast<std::int64_t>(vocabulary.size());
  std::vector<bool> seen;
  for (const auto& [token, value] : vocabulary.items()) {
    const std::int64_t id = expect_id(value, token, source);
    require(id < pieces.count + kMostMissing,
            "{}: '{}' has id {}, but there are only {} tokens; ids have a gap", source, token, id,
            pieces.count);
    const auto at = static_cast<std::size_t>(id);
    if (at >= seen.size()) {
      seen.resize(at + 1, false);
      pieces.by_id.resize(at + 1);
    }
    require(!seen[at], "{}: '{}' and '{}' have the same id, {}; give every token its own", source,
            pieces.by_id[at], token, id);
    seen[at] = true;
    pieces.by_id[at] = token;
  }
  return pieces;
}

AddedToken read_added_token(const Json& json, const std::string& source, bool named) {
  require(json.is_object(), "{}: expected an added token to be an object, found {}", source,
          json.type_name());
  AddedToken token;
  token.content = expect_text(member(json, "content"), "an added token's content", source);
  token.special = read_flag(json, "special", false, source) || named;
  token.normalized = read_flag(json, "normalized", !token.special, source);
  token.single_word = read_flag(json, "single_word", false, source);
  token.lstrip = read_flag(json, "lstrip", false, source);
  token.rstrip = read_flag(json, "rstrip", false, source);
  return token;
}

std::vector<AddedToken> read_added_tokens(const Json& list, const std::string& source) {
  require(list.is_array(), "{}: expected added_tokens to be a list, found {}", source,
          list.type_name());
  std::vector<AddedToken> added;
  for (const Json& token : list) {
    added.push_back(read_added_token(token, source));
    added.back().id = expect_id(member(token, "id"), added.back().content, source);
  }
  return added;
}

}  // namespace braid
