#include "braid/text/tokenizer_files.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "braid/error.h"

namespace braid {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

constexpr std::uintmax_t kLargestFile = 256u << 20;

std::string read_file(const fs::path& path) {
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
  const std::string content = read_file(path);
  // The library keeps the last of two equal keys; a vocabulary with such is broken.
  std::vector<std::set<std::string>> keys;
  std::string repeated;
  const auto check_keys = [&](int, Json::parse_event_t event, Json& value) {
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

// The member `name`, or null.
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
void add_token(AddedToken token, TokenizerDescription& description) {
  std::vector<std::string>& tokens = description.tokens;
  const auto size = static_cast<std::int64_t>(tokens.size());
  if (token.id == size) {
    tokens.push_back(token.content);
  } else {
    require(token.id < size,
            "{}: added token '{}' has id {}; expected {} at most, or there are gaps",
            description.source, token.content, token.id, size);
    require(tokens[token.id] == token.content, "{}: id {} is '{}' and the added token '{}'",
            description.source, token.id, tokens[token.id], token.content);
  }
  description.added.push_back(std::move(token));
}

void read_pieces(const Json& vocabulary, TokenizerDescription& description) {
  const std::string& source = description.source;
  require(vocabulary.is_object(), "{}: expected model.vocab to be an object, found {}", source,
          vocabulary.type_name());
  const auto count = static_cast<std::int64_t>(vocabulary.size());
  description.tokens.resize(count);
  description.pieces = count;
  std::vector<bool> seen(count, false);
  for (const auto& [token, value] : vocabulary.items()) {
    const std::int64_t id = expect_id(value, token, source);
    require(id < count, "{}: '{}' has id {}, but there are only {} tokens: ids have a gap", source,
            token, id, count);
    require(!seen[id], "{}: '{}' and '{}' have the same id, {}", source, description.tokens[id],
            token, id);
    seen[id] = true;
    description.tokens[id] = token;
  }
}

void read_model(const Json& model, TokenizerDescription& description) {
  const std::string& source = description.source;
  require(model.is_object(), "{}: expected a model, found {}", source, model.type_name());
  // Old files do not say the type; only WordPiece has a word limit.
  const Json& type = member(model, "type");
  const bool word_piece =
      type.is_null() ? model.contains("max_input_chars_per_word") : type == "WordPiece";
  require(word_piece, "{}: expected a WordPiece model, found {}; only BERT's tokenizers are known",
          source, type.is_null() ? "one without a type" : type.dump());
  WordPieceOptions& options = description.options;
  options.unk_token = expect_text(member(model, "unk_token"), "model.unk_token", source);
  options.prefix = expect_text(member(model, "continuing_subword_prefix"),
                               "model.continuing_subword_prefix", source);
  const Json& limit = member(model, "max_input_chars_per_word");
  require(limit.is_number_integer() && limit >= 0,
          "{}: expected model.max_input_chars_per_word to be a whole number, found {}", source,
          limit.dump());
  options.max_word_characters =
      limit > INT32_MAX ? INT32_MAX : static_cast<int>(limit.get<std::int64_t>());
  read_pieces(member(model, "vocab"), description);
}

void read_normalizer(const Json& normalizer, const Json& splitter,
                     TokenizerDescription& description) {
  const std::string& source = description.source;
  require(normalizer.is_object() && member(normalizer, "type") == "BertNormalizer",
          "{}: expected the normalizer BertNormalizer, found {:.80}", source, normalizer.dump());
  require(splitter.is_object() && member(splitter, "type") == "BertPreTokenizer",
          "{}: expected the pre_tokenizer BertPreTokenizer, found {:.80}", source, splitter.dump());
  WordPieceOptions& options = description.options;
  options.clean_text = read_flag(normalizer, "clean_text", true, source);
  options.chinese_chars = read_flag(normalizer, "handle_chinese_chars", true, source);
  options.lower_case = read_flag(normalizer, "lowercase", true, source);
  if (!member(normalizer, "strip_accents").is_null()) {
    options.strip_accents = read_flag(normalizer, "strip_accents", true, source);
  }
}

// The post-processor must put [CLS] and [SEP] where BERT has them; it names them.
void read_template(const Json& processor, TokenizerDescription& description) {
  if (processor.is_null()) return;
  const std::string& source = description.source;
  WordPieceOptions& options = description.options;
  try {
    if (processor.at("type") == "BertProcessing") {
      options.cls_token = processor.at("cls").at(0).get<std::string>();
      options.sep_token = processor.at("sep").at(0).get<std::string>();
      return;
    }
    const auto special = [](const Json& name, int type) {
      return Json{{"SpecialToken", {{"id", name}, {"type_id", type}}}};
    };
    const auto sequence = [](const char* name, int type) {
      return Json{{"Sequence", {{"id", name}, {"type_id", type}}}};
    };
    const Json& single = processor.at("single");
    const Json& cls = single.at(0).at("SpecialToken").at("id");
    const Json& sep = single.at(2).at("SpecialToken").at("id");
    const Json expected = Json::array({special(cls, 0), sequence("A", 0), special(sep, 0)});
    Json expected_pair = expected;
    expected_pair.push_back(sequence("B", 1));
    expected_pair.push_back(special(sep, 1));
    require(processor.at("type") == "TemplateProcessing" && single == expected &&
                processor.at("pair") == expected_pair,
            "{}: expected the post_processor to make [CLS] A [SEP] and [CLS] A [SEP] B [SEP]",
            source);
    for (const auto& [name, target] :
         {std::pair(cls, &options.cls_token), std::pair(sep, &options.sep_token)}) {
      const Json& token = processor.at("special_tokens").at(name.get<std::string>());
      require(token.at("tokens").size() == 1 && token.at("ids").size() == 1,
              "{}: expected one token for {}", source, name.dump());
      *target = token.at("tokens").at(0).get<std::string>();
      const std::int64_t id = expect_id(token.at("ids").at(0), *target, source);
      require(id < static_cast<std::int64_t>(description.tokens.size()) &&
                  description.tokens[id] == *target,
              "{}: the post_processor's id {} is not that of '{}'", source, id, *target);
    }
  } catch (const Json::exception&) {
    fail("{}: expected the post_processor TemplateProcessing with [CLS] and [SEP], found {:.80}",
         source, processor.dump());
  }
}

// A name in tokenizer_config.json: a string, or an added token as an object.
void read_name(const Json& config, const char* name, const std::string& source,
               std::string& token) {
  const Json& value = member(config, name);
  if (value.is_null()) return;
  token = expect_text(value.is_object() ? member(value, "content") : value, name, source);
}

void read_tokenizer_json(const fs::path& path, TokenizerDescription& description) {
  description.source = path.string();
  const Json json = parse_object(path);
  read_model(member(json, "model"), description);
  read_normalizer(member(json, "normalizer"), member(json, "pre_tokenizer"), description);
  const Json& added = member(json, "added_tokens");
  require(added.is_array() || added.is_null(), "{}: expected added_tokens to be a list, found {}",
          path.string(), added.type_name());
  for (const Json& token : added) {
    AddedToken read = read_added_token(token, 0, path.string());
    read.id = expect_id(member(token, "id"), read.content, path.string());
    add_token(std::move(read), description);
  }
  read_template(member(json, "post_processor"), description);
}

void read_vocabulary(const fs::path& path, TokenizerDescription& description) {
  description.source = path.string();
  const std::string content = read_file(path);
  std::string_view rest = content;
  if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view token = rest.substr(0, end);
    if (token.ends_with('\r')) token.remove_suffix(1);
    description.tokens.emplace_back(token);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  description.pieces = static_cast<std::int64_t>(description.tokens.size());
}

}  // namespace

TokenizerDescription read_tokenizer(const fs::path& folder) {
  std::error_code ignored;
  const fs::path json_path = folder / "tokenizer.json";
  const fs::path vocabulary_path = folder / "vocab.txt";
  const fs::path config_path = folder / "tokenizer_config.json";
  require(fs::is_directory(folder, ignored), "{}: expected a checkpoint folder, found none",
          folder.string());
  const bool has_json = fs::exists(json_path, ignored);
  require(has_json || fs::exists(vocabulary_path, ignored),
          "{}: expected tokenizer.json or vocab.txt, found neither", folder.string());

  TokenizerDescription description;
  WordPieceOptions& options = description.options;
  const std::string source = config_path.string();
  Json config = Json::object();
  if (fs::exists(config_path, ignored)) config = parse_object(config_path);
  read_name(config, "unk_token", source, options.unk_token);
  read_name(config, "cls_token", source, options.cls_token);
  read_name(config, "sep_token", source, options.sep_token);
  read_name(config, "pad_token", source, options.pad_token);
  read_name(config, "mask_token", source, options.mask_token);
  if (has_json) {
    read_tokenizer_json(json_path, description);
    return description;
  }
  options.lower_case = read_flag(config, "do_lower_case", true, source);
  options.chinese_chars = read_flag(config, "tokenize_chinese_chars", true, source);
  if (!member(config, "strip_accents").is_null()) {
    options.strip_accents = read_flag(config, "strip_accents", true, source);
  }
  read_vocabulary(vocabulary_path, description);
  const Json& added = member(config, "added_tokens_decoder");
  require(added.is_object() || added.is_null(),
          "{}: expected added_tokens_decoder to be an object, found {}", source, added.type_name());
  std::vector<AddedToken> sorted;  // "10" comes before "9" in JSON
  for (const auto& [id, token] : added.items()) {
    const bool number =
        !id.empty() && id.size() < 10 && id.find_first_not_of("0123456789") == std::string::npos;
    require(number, "{}: expected the ids of added_tokens_decoder, found '{}'", source, id);
    sorted.push_back(read_added_token(token, std::stoll(id), source));
  }
  std::sort(sorted.begin(), sorted.end(),
            [](const AddedToken& a, const AddedToken& b) { return a.id < b.id; });
  for (AddedToken& token : sorted) add_token(std::move(token), description);
  return description;
}

}  // namespace braid
