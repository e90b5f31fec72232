#include "braid/text/tokenizer_settings.h"

#include <algorithm>
#include <array>
#include <functional>
#include <set>

#include "braid/error.h"
#include "braid/text/tokenizer_json.h"

namespace braid {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

// In the order in which new ones get ids.
constexpr std::array<const char*, 7> kRoles = {"bos_token", "eos_token", "unk_token", "sep_token",
                                               "pad_token", "cls_token", "mask_token"};

bool is_role(const std::string& key) {
  return std::find(kRoles.begin(), kRoles.end(), key) != kRoles.end();
}

// A role specific to a model: "image_token".
bool is_other_role(const std::string& key) { return key.ends_with("_token") && !is_role(key); }

// Marks objects that are tokens; in special_tokens_map.json all are, without this key.
constexpr const char* kType = "__type";
bool is_added_token(const Json& value) {
  return value.is_object() && member(value, kType) == "AddedToken";
}
Json as_added_token(Json token) {
  token[kType] = "AddedToken";
  token["special"] = true;
  return token;
}

// Truthy in Python: present, not null and not empty.
bool says_something(const Json& object, const char* key) {
  const Json& value = member(object, key);
  const bool no_text = value.is_string() && value.get_ref<const std::string&>().empty();
  return !value.empty() && !no_text;
}

Json read_optional(const fs::path& path, KeyOrder* order = nullptr) {
  return is_listed(path) ? parse_object(path, order) : Json::object();
}

// Refuses settings that change ids and are not supported.
void refuse_unknown(const Json& options, const std::string& source) {
  for (const char* key :
       {"init_inputs", "vocab", "merges", "tokenizer_object", "post_processor",
        "model_specific_special_tokens", "tokenizer_padding", "tokenizer_truncation"}) {
    require(!says_something(options, key),
            "{}: has {}, which is not supported; save the tokenizer again with transformers",
            source, key);
  }
  const Json& code = member(options, "auto_map");
  require(!code.is_array() && (!code.is_object() || !says_something(code, "AutoTokenizer")),
          "{}: auto_map names code for the tokenizer, which braid does not run", source);
  for (const char* key : {"split_special_tokens", "fix_mistral_regex"}) {
    require(member(options, key).is_null() || !read_flag(options, key, source),
            "{}: {} is true, only false is supported", source, key);
  }
  const Json& side = member(options, "truncation_side");
  require(side.is_null() || side == "right",
          "{}: truncation_side is {:.80}, only \"right\" is supported", source, side.dump());
  const Json& versions = member(options, "fast_tokenizer_files");
  require(versions.is_null() || versions == Json::array({"tokenizer.json"}),
          "{}: fast_tokenizer_files is {:.80}, only tokenizer.json is read", source,
          versions.dump());
}

// The keys of the file, or of the object under `parent`, in order.
std::vector<std::string> keys_of(const KeyOrder& order, const std::string& parent = "") {
  std::vector<std::string> keys;
  bool inside = false;
  for (const auto& [depth, key] : order) {
    if (depth == 1) inside = key == parent;
    if (parent.empty() ? depth == 1 : depth == 2 && inside) keys.push_back(key);
  }
  return keys;
}

using RoleTokens = std::vector<std::pair<std::string, Json>>;

// The raw settings of a folder's files, merged.
struct Written {
  fs::path folder;
  std::string source;  // tokenizer_config.json
  const TokenizerClass* type = nullptr;
  Json options;
  std::vector<std::string> keys;  // of options, in order
  RoleTokens others;              // tokens of model-specific roles
  std::set<std::string> in_map;   // contents of the objects of special_tokens_map.json
};

void set_other(const std::string& role, const Json& token, const std::string& source,
               RoleTokens& others) {
  require(!is_role(role), "{}: extra_special_tokens has {}; expected it as a separate key", source,
          role);
  const auto same = [&](const auto& other) { return other.first == role; };
  const auto found = std::find_if(others.begin(), others.end(), same);
  if (found == others.end()) {
    others.emplace_back(role, token);
  } else {
    found->second = token;
  }
}

// extra_special_tokens may be an object that maps roles to tokens.
void take_other_roles(const KeyOrder& order, Written& written) {
  if (!member(written.options, "extra_special_tokens").is_object()) return;
  std::vector<std::string> roles = keys_of(order, "extra_special_tokens");
  if (roles.empty()) roles = keys_of(order, "additional_special_tokens");
  for (const std::string& role : roles) {
    set_other(role, written.options["extra_special_tokens"][role], written.source, written.others);
  }
  written.options.erase("extra_special_tokens");
}

// The list of tokenizer_config.json, extended by that of special_tokens_map.json.
Json with_extra_of_map(const Json& map_list, const std::string& map_file, Written& written) {
  const char* key = "extra_special_tokens";
  Json all = says_something(written.options, key) ? written.options[key] : Json::array();
  require(all.is_array(), "{}: expected {} to be a list, found {:.80}", written.source, key,
          all.dump());
  const std::size_t own = all.size();
  for (const Json& token : map_list) {
    require(!token.is_object() || !token.contains("special"),
            "{}: a token of {} has the redundant key 'special'; remove it", map_file, key);
    // As in transformers, objects of the two files never compare equal.
    const auto first = all.begin() + (token.is_object() ? static_cast<std::ptrdiff_t>(own) : 0);
    const Json added = token.is_object() ? as_added_token(token) : token;
    if (std::find(first, all.end(), added) == all.end()) all.push_back(added);
  }
  return all;
}

// In older folders, keys of special_tokens_map.json override those of tokenizer_config.json.
void add_special_tokens_map(Written& written) {
  KeyOrder order;
  const fs::path file = written.folder / "special_tokens_map.json";
  const Json map = read_optional(file, &order);
  const auto note = [&](const Json& value) {
    if (value.is_object()) written.in_map.insert(value.value("content", ""));
  };
  for (const std::string& key : keys_of(order)) {
    Json value = map[key];
    if (key == "extra_special_tokens" && value.is_array()) {
      for (const Json& token : value) note(token);
      value = with_extra_of_map(value, file.string(), written);
    } else if (key != "extra_special_tokens" && value.is_object()) {
      note(value);
      value = as_added_token(std::move(value));
    }
    if (!written.options.contains(key)) written.keys.push_back(key);
    written.options[key] = std::move(value);
  }
  take_other_roles(order, written);
}

// 1. The files, with obsolete keys renamed.
Written read_files(const fs::path& folder, const Json* tokenizer_json) {
  Written written;
  written.folder = folder;
  written.source = (folder / "tokenizer_config.json").string();
  KeyOrder order;
  Json& options = written.options = read_optional(written.source, &order);
  written.type = &tokenizer_class_of(folder, options, tokenizer_json);
  written.keys = keys_of(order);
  if (options.contains("additional_special_tokens") &&
      !says_something(options, "extra_special_tokens")) {
    options["extra_special_tokens"] = options["additional_special_tokens"];
    options.erase("additional_special_tokens");
  }
  std::erase_if(written.keys, [&](const std::string& key) {
    if (!is_other_role(key) || !options[key].is_string()) return false;
    set_other(key, options[key], written.source, written.others);
    return options.erase(key) > 0;
  });
  take_other_roles(order, written);
  if (!options.contains("added_tokens_decoder")) add_special_tokens_map(written);
  refuse_unknown(options, written.source);
  // An as-written tokenizer takes its padding token from tokenizer.json by default.
  if (tokenizer_json && written.type->as_written() && !options.contains("pad_token")) {
    const Json& padding = member(*tokenizer_json, "padding");
    if (padding.is_object()) {
      options["pad_token"] = expect_text(member(padding, "pad_token"), "padding.pad_token",
                                         (folder / "tokenizer.json").string());
    }
  }
  return written;
}

// Collects tokens to be added unless they exist.
class Named {
 public:
  explicit Named(const Written& written) : written_(written) {}

  // The token of role `key`, or of the list `key` of tokens without roles.
  AddedToken take(const Json& value, const std::string& key, bool role) {
    require(value.is_string() || is_added_token(value),
            "{}: expected {} to be a string or an object whose __type is AddedToken, found {:.80}",
            written_.source, key, value.dump());
    const bool plain = value.is_string();
    AddedToken token = plain ? AddedToken{.content = value.get<std::string>()}
                             : read_added_token(value, written_.source);
    token.lstrip |= plain && key == "mask_token" && written_.type->mask_strips;
    require(!token.content.empty(), "{}: {} is empty; expected a token, or null", written_.source,
            key);
    // As in transformers, a string never equals an object, and the last new one wins.
    const std::pair seen{plain, token};
    if (role && !plain) token = read_added_token(value, written_.source, true);
    if (std::find(seen_.begin(), seen_.end(), seen) == seen_.end()) {
      seen_.push_back(seen);
      tokens.push_back(token);
    }
    return token;
  }

  std::vector<AddedToken> tokens;

 private:
  const Written& written_;
  std::vector<std::pair<bool, AddedToken>> seen_;  // strings, objects
};

// The default token of a role in this class.
std::string default_token(const TokenizerClass& type, std::string_view role) {
  for (const auto& [name, token] : type.roles) {
    if (name == role) return token;
  }
  return "";
}

// 2. Tokens by role.
std::map<std::string, std::string> read_names(const Written& written, Named& named) {
  const Json& options = written.options;
  std::map<std::string, std::string> names;
  for (const char* role : kRoles) {
    if (options.contains(role)) {
      if (!options[role].is_null()) names[role] = named.take(options[role], role, true).content;
    } else if (const std::string token = default_token(*written.type, role); !token.empty()) {
      names[role] = named.take(token, role, true).content;
    }
  }
  // Tokens of special_tokens_map.json or with flags precede those of tokenizer_config.json.
  RoleTokens others;
  for (const std::string& key : written.keys) {
    if (!options.contains(key) || !is_other_role(key)) continue;
    const Json& value = options[key];
    if (value.is_string() || is_added_token(value)) others.emplace_back(key, value);
  }
  for (const auto& [role, token] : written.others) set_other(role, token, written.source, others);
  for (const auto& [role, token] : others) names[role] = named.take(token, role, true).content;
  return names;
}

// 3. Special tokens without a role.
std::vector<std::string> read_extra(const Written& written, Named& named) {
  const char* key = written.options.contains("extra_special_tokens") ? "extra_special_tokens"
                                                                     : "additional_special_tokens";
  const Json& list = member(written.options, key);
  require(list.is_null() || list.is_array(), "{}: expected {} to be a list, found {:.80}",
          written.source, key, list.dump());
  std::vector<std::string> extra;
  for (const Json& token : list) extra.push_back(named.take(token, key, false).content);
  if (written.options.contains(key) || !written.type->extra) return extra;
  for (const std::string& token : written.type->extra(written.options, written.source)) {
    extra.push_back(named.take(token, key, false).content);
  }
  return extra;
}

using Declared = std::map<std::int64_t, AddedToken>;
using IsNamed = std::function<bool(const std::string&)>;

Declared read_decoder(const Written& written, const IsNamed& is_named) {
  const Json& object = written.options["added_tokens_decoder"];
  require(object.is_object(), "{}: expected added_tokens_decoder to be an object, found {:.80}",
          written.source, object.dump());
  Declared declared;
  for (const auto& [id, token] : object.items()) {
    const bool number = !id.empty() && id.size() < 10 &&
                        id.find_first_not_of("0123456789") == std::string::npos &&
                        (id == "0" || id[0] != '0');
    require(number, "{}: expected the ids of added_tokens_decoder, found '{}'", written.source, id);
    const bool named =
        token.is_object() && member(token, "content").is_string() && is_named(token["content"]);
    declared[std::stoll(id)] = read_added_token(token, written.source, named);
  }
  return declared;
}

Declared read_added_tokens_json(const Written& written, const IsNamed& is_named) {
  const fs::path path = written.folder / "added_tokens.json";
  // As in transformers: without the defaults of a class and the objects of tokenizer_config.json,
  // which are not tokens yet.
  std::set<std::string> special;
  const auto note = [&](const Json& value) {
    if (value.is_string()) special.insert(value.get<std::string>());
    if (!value.is_object()) return;
    const std::string content = value.value("content", "");
    if (written.in_map.contains(content)) special.insert(content);
  };
  for (const char* role : kRoles) note(member(written.options, role));
  for (const Json& token : member(written.options, "extra_special_tokens")) note(token);
  Declared declared;
  const Json ids = read_optional(path);
  for (const auto& [content, value] : ids.items()) {
    require(value.is_number_integer() && value >= 0 && value <= INT32_MAX,
            "{}: expected the id of '{}' to be an integer from 0 to {}, found {:.80}",
            path.string(), content, INT32_MAX, value.dump());
    const bool is_special = special.contains(content);
    const auto id = value.get<std::int64_t>();
    const bool fresh = declared
                           .emplace(id, AddedToken{.content = content,
                                                   .special = is_special || is_named(content),
                                                   .normalized = !is_special})
                           .second;
    require(fresh, "{}: '{}' and '{}' have the same id, {}", path.string(), declared[id].content,
            content, id);
  }
  return declared;
}

// 4. Tokens with an id.
Declared read_declared(const Written& written, const Json* tokenizer_json,
                       const std::map<std::string, std::string>& names) {
  const IsNamed is_named = [&](const std::string& token) {
    return std::any_of(names.begin(), names.end(),
                       [&](const auto& name) { return name.second == token; });
  };
  if (written.options.contains("added_tokens_decoder")) return read_decoder(written, is_named);
  Declared declared = read_added_tokens_json(written, is_named);
  if (!tokenizer_json) return declared;
  const std::string source = (written.folder / "tokenizer.json").string();
  for (AddedToken& token : read_added_tokens(member(*tokenizer_json, "added_tokens"), source)) {
    token.special |= is_named(token.content);
    declared[token.id] = std::move(token);
  }
  return declared;
}

}  // namespace

std::string TokenizerSettings::mark(const std::string& role) const {
  const auto found = names.find(role);
  require(found != names.end(), "{}: {} is null; {} requires one", source, role, type->name);
  const std::string& token = found->second;
  require(token.find_first_of(" \t\n\v\f\r:") == std::string::npos && !token.starts_with('$'),
          "{}: {} is '{}'; white space, : and $ have special meanings in a post_processor", source,
          role, token);
  return token;
}

TokenizerSettings read_tokenizer_settings(const fs::path& folder, const Json* tokenizer_json) {
  const Written written = read_files(folder, tokenizer_json);
  TokenizerSettings settings;
  settings.source = written.source;
  settings.type = written.type;
  Named named(written);
  settings.names = read_names(written, named);
  settings.extra = read_extra(written, named);
  settings.named = std::move(named.tokens);
  for (auto& [id, token] : read_declared(written, tokenizer_json, settings.names)) {
    settings.declared.push_back(std::move(token));
  }
  settings.options = written.options;
  return settings;
}

}  // namespace braid
