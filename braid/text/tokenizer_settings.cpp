#include "braid/text/tokenizer_settings.h"

#include <algorithm>
#include <array>
#include <set>

#include "braid/error.h"
#include "braid/text/tokenizer_json.h"

namespace braid {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

// In the order in which those that are new get their ids.
constexpr std::array<const char*, 7> kRoles = {"bos_token", "eos_token", "unk_token", "sep_token",
                                               "pad_token", "cls_token", "mask_token"};

bool is_role(const std::string& key) {
  return std::find(kRoles.begin(), kRoles.end(), key) != kRoles.end();
}

// A role that only this model has: "image_token".
bool is_other_role(const std::string& key) { return key.ends_with("_token") && !is_role(key); }

// special_tokens_map.json needs no type: its objects are read as added tokens at once.
void mark_added_token(Json& token) {
  token["__type"] = "AddedToken";
  token["special"] = true;
  token["__read"] = true;
}

bool is_added_token(const Json& value) {
  return value.is_object() && member(value, "__type") == "AddedToken";
}

// As Python has it: what is there, not null and not empty.
bool says_something(const Json& object, const char* key) {
  const Json& value = member(object, key);
  const bool no_text = value.is_string() && value.get_ref<const std::string&>().empty();
  return !value.empty() && !no_text;
}

Json read_optional(const fs::path& path, KeyOrder* order = nullptr) {
  return is_listed(path) ? parse_object(path, order) : Json::object();
}

// Settings under which the same files give ids that are not made here.
void refuse_unknown(const Json& options, const std::string& source) {
  for (const char* key :
       {"init_inputs", "vocab", "merges", "tokenizer_object", "post_processor",
        "model_specific_special_tokens", "tokenizer_padding", "tokenizer_truncation"}) {
    require(!says_something(options, key),
            "{}: has {}, which is not supported; save the tokenizer anew with transformers", source,
            key);
  }
  const Json& code = member(options, "auto_map");
  require(!code.is_array() && (!code.is_object() || !says_something(code, "AutoTokenizer")),
          "{}: auto_map names code that makes the tokenizer, which is not run here", source);
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

// The keys of the file, or of the object at its key `parent`, in their order.
std::vector<std::string> keys_of(const KeyOrder& order, const std::string& parent = "") {
  std::vector<std::string> keys;
  bool inside = false;
  for (const auto& [depth, key] : order) {
    if (depth == 1) inside = key == parent;
    if (parent.empty() ? depth == 1 : depth == 2 && inside) keys.push_back(key);
  }
  return keys;
}

class SettingsReader {
 public:
  SettingsReader(const fs::path& folder, const Json* tokenizer_json)
      : folder_(folder), tokenizer_json_(tokenizer_json) {
    settings_.source = (folder / "tokenizer_config.json").string();
    KeyOrder order;
    options_ = read_optional(settings_.source, &order);
    settings_.type = &tokenizer_class_of(folder, options_, tokenizer_json);
    keys_ = keys_of(order);
    if (options_.contains("additional_special_tokens") &&
        !says_something(options_, "extra_special_tokens")) {
      options_["extra_special_tokens"] = options_["additional_special_tokens"];
      options_.erase("additional_special_tokens");
    }
    std::erase_if(keys_, [&](const std::string& key) {
      if (!is_other_role(key) || !options_[key].is_string()) return false;
      add_other(key, options_[key]);
      return options_.erase(key) > 0;
    });
    take_other_roles(order);
  }

  TokenizerSettings read() {
    const bool declares = options_.contains("added_tokens_decoder");
    if (!declares) add_special_tokens_map();
    refuse_unknown(options_, settings_.source);
    if (tokenizer_json_) complete_padding(*tokenizer_json_);
    read_names();
    read_extra();
    std::map<std::int64_t, AddedToken> declared;
    if (declares) {
      read_decoder(declared);
    } else {
      read_added_tokens_json(declared);
      if (tokenizer_json_) {
        const std::string source = (folder_ / "tokenizer.json").string();
        for (AddedToken& token :
             read_added_tokens(member(*tokenizer_json_, "added_tokens"), source)) {
          token.special |= is_named(token.content);
          declared[token.id] = std::move(token);
        }
      }
    }
    for (auto& [id, token] : declared) settings_.declared.push_back(std::move(token));
    settings_.options = std::move(options_);
    return std::move(settings_);
  }

 private:
  void add_other(const std::string& role, const Json& token) {
    require(!is_role(role), "{}: extra_special_tokens has {}; expected it as a key of its own",
            settings_.source, role);
    const auto same = [&](const auto& other) { return other.first == role; };
    const auto found = std::find_if(others_.begin(), others_.end(), same);
    if (found == others_.end()) {
      others_.emplace_back(role, token);
    } else {
      found->second = token;
    }
  }

  // extra_special_tokens may be an object, from roles to tokens.
  void take_other_roles(const KeyOrder& order) {
    if (!member(options_, "extra_special_tokens").is_object()) return;
    std::vector<std::string> roles = keys_of(order, "extra_special_tokens");
    if (roles.empty()) roles = keys_of(order, "additional_special_tokens");
    for (const std::string& role : roles) add_other(role, options_["extra_special_tokens"][role]);
    options_.erase("extra_special_tokens");
  }

  // Older folders: its keys count for more than those of tokenizer_config.json.
  void add_special_tokens_map() {
    KeyOrder order;
    const Json map = read_optional(folder_ / "special_tokens_map.json", &order);
    for (const std::string& key : keys_of(order)) {
      Json value = map[key];
      if (key == "extra_special_tokens") {
        if (value.is_array()) {
          Json all = says_something(options_, key.c_str()) ? options_[key] : Json::array();
          require(all.is_array(), "{}: expected extra_special_tokens to be a list, found {:.80}",
                  settings_.source, all.dump());
          for (Json& token : value) {
            require(!token.is_object() || !token.contains("special"),
                    "{}: a token of extra_special_tokens has 'special', which goes without saying; "
                    "take it out",
                    (folder_ / "special_tokens_map.json").string());
            if (token.is_object()) mark_added_token(token);
            if (std::find(all.begin(), all.end(), token) == all.end()) all.push_back(token);
          }
          value = std::move(all);
        }
      } else if (value.is_object()) {
        mark_added_token(value);
      }
      if (!options_.contains(key)) keys_.push_back(key);
      options_[key] = std::move(value);
    }
    take_other_roles(order);
  }

  // An as written tokenizer pads with the token that its file says, unless it is told.
  void complete_padding(const Json& json) {
    const Json& padding = member(json, "padding");
    if (!settings_.type->as_written() || !padding.is_object() || options_.contains("pad_token"))
      return;
    options_["pad_token"] = expect_text(member(padding, "pad_token"), "padding.pad_token",
                                        (folder_ / "tokenizer.json").string());
  }

  AddedToken read_special(const Json& value, const std::string& key, bool named) {
    require(value.is_string() || is_added_token(value),
            "{}: expected {} to be a string or an object whose __type is AddedToken, found {:.80}",
            settings_.source, key, value.dump());
    const bool plain = value.is_string();
    AddedToken token = plain ? AddedToken{.content = value.get<std::string>()}
                             : read_added_token(value, settings_.source);
    token.lstrip |= plain && key == "mask_token" && settings_.type->mask_strips;
    require(!token.content.empty(), "{}: {} is empty; expected a token, or null", settings_.source,
            key);
    // As there, a string is no equal of an object, and the last that is new counts.
    const std::pair seen{plain, token};
    if (named && !plain) token = read_added_token(value, settings_.source, true);
    if (std::find(seen_.begin(), seen_.end(), seen) == seen_.end()) {
      seen_.push_back(seen);
      settings_.named.push_back(token);
    }
    return token;
  }

  void read_name(const std::string& role, const Json& value) {
    settings_.names[role] = read_special(value, role, true).content;
  }

  void read_names() {
    for (const char* role : kRoles) {
      if (options_.contains(role)) {
        if (!options_[role].is_null()) read_name(role, options_[role]);
      } else if (const std::string token = usual(role); !token.empty()) {
        read_name(role, token);
      }
    }
    // Those of special_tokens_map.json, or with flags, come before those of tokenizer_config.json.
    std::vector<std::pair<std::string, Json>> all;
    for (const std::string& key : keys_) {
      if (!options_.contains(key) || !is_other_role(key)) continue;
      if (options_[key].is_string() || is_added_token(options_[key]))
        all.emplace_back(key, options_[key]);
    }
    std::swap(all, others_);
    for (const auto& [role, token] : all) add_other(role, token);
    for (const auto& [role, token] : others_) read_name(role, token);
  }

  // The token that the class gives a role which nothing names.
  std::string usual(std::string_view role) const {
    for (const auto& [name, token] : settings_.type->roles) {
      if (name == role) return token;
    }
    return "";
  }

  void read_extra() {
    const char* key = options_.contains("extra_special_tokens") ? "extra_special_tokens"
                                                                : "additional_special_tokens";
    const Json& list = member(options_, key);
    require(list.is_null() || list.is_array(), "{}: expected {} to be a list, found {:.80}",
            settings_.source, key, list.dump());
    for (const Json& token : list)
      settings_.extra.push_back(read_special(token, key, false).content);
    if (options_.contains(key) || !settings_.type->extra) return;
    for (const std::string& token : settings_.type->extra(options_, settings_.source))
      settings_.extra.push_back(read_special(token, key, false).content);
  }

  bool is_named(const std::string& token) const {
    const auto same = [&](const auto& name) { return name.second == token; };
    return std::any_of(settings_.names.begin(), settings_.names.end(), same);
  }

  void read_decoder(std::map<std::int64_t, AddedToken>& declared) {
    const Json& object = options_["added_tokens_decoder"];
    require(object.is_object(), "{}: expected added_tokens_decoder to be an object, found {:.80}",
            settings_.source, object.dump());
    for (const auto& [id, token] : object.items()) {
      const bool number = !id.empty() && id.size() < 10 &&
                          id.find_first_not_of("0123456789") == std::string::npos &&
                          (id == "0" || id[0] != '0');
      require(number, "{}: expected the ids of added_tokens_decoder, found '{}'", settings_.source,
              id);
      const bool named =
          token.is_object() && member(token, "content").is_string() && is_named(token["content"]);
      declared[std::stoll(id)] = read_added_token(token, settings_.source, named);
    }
  }

  void read_added_tokens_json(std::map<std::int64_t, AddedToken>& declared) {
    const fs::path path = folder_ / "added_tokens.json";
    // As transformers looks for them: neither those that a class names by itself, nor objects of
    // tokenizer_config.json, which are no tokens yet.
    std::set<std::string> special;
    const auto note = [&](const Json& value) {
      if (value.is_string()) special.insert(value.get<std::string>());
      if (value.is_object() && value.contains("__read")) special.insert(value.value("content", ""));
    };
    for (const char* role : kRoles) note(member(options_, role));
    for (const Json& token : member(options_, "extra_special_tokens")) note(token);
    const Json ids = read_optional(path);
    for (const auto& [content, value] : ids.items()) {
      require(value.is_number_integer() && value >= 0 && value <= INT32_MAX,
              "{}: expected the id of '{}' to be a small whole number, found {:.80}", path.string(),
              content, value.dump());
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
  }

  fs::path folder_;
  const Json* tokenizer_json_;
  TokenizerSettings settings_;
  Json options_;
  std::vector<std::pair<bool, AddedToken>> seen_;     // strings, objects
  std::vector<std::string> keys_;                     // of options_, in their order
  std::vector<std::pair<std::string, Json>> others_;  // tokens of roles that only this model has
};

}  // namespace

std::string TokenizerSettings::mark(const std::string& role) const {
  const auto found = names.find(role);
  require(found != names.end(), "{}: {} is null; {} needs one", source, role, type->name);
  const std::string& token = found->second;
  require(token.find_first_of(" \t\n\v\f\r:") == std::string::npos && !token.starts_with('$'),
          "{}: {} is '{}'; white space, : and $ mean something else in a post_processor", source,
          role, token);
  return token;
}

TokenizerSettings read_tokenizer_settings(const fs::path& folder, const Json* tokenizer_json) {
  return SettingsReader(folder, tokenizer_json).read();
}

}  // namespace braid
