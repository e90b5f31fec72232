#include "braid/text/tokenizer_files.h"

#include <nlohmann/json.hpp>

#include "braid/error.h"
#include "braid/text/tokenizer_json.h"

namespace braid {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

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
  description.tokens = read_pieces(member(model, "vocab"), source);
  description.pieces = static_cast<std::int64_t>(description.tokens.size());
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

void read_tokenizer_json(const fs::path& path, TokenizerDescription& description) {
  description.source = path.string();
  const Json json = parse_object(path);
  read_model(member(json, "model"), description);
  read_normalizer(member(json, "normalizer"), member(json, "pre_tokenizer"), description);
  description.added =
      read_added_tokens(member(json, "added_tokens"), path.string(), description.tokens);
  read_template(member(json, "post_processor"), description);
}

}  // namespace

std::vector<std::string> read_vocabulary(const fs::path& file) {
  const std::string content = read_tokenizer_file(file);
  std::string_view rest = content;
  if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
  std::vector<std::string> tokens;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view token = rest.substr(0, end);
    if (token.ends_with('\r')) token.remove_suffix(1);
    tokens.emplace_back(token);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return tokens;
}

TokenizerDescription read_tokenizer(const fs::path& folder) {
  std::error_code ignored;
  const fs::path json_path = folder / "tokenizer.json";
  const fs::path vocabulary_path = folder / "vocab.txt";
  const fs::path config_path = folder / "tokenizer_config.json";
  const Json config = read_tokenizer_config(folder);
  const bool has_json = fs::exists(json_path, ignored);
  require(has_json || fs::exists(vocabulary_path, ignored),
          "{}: expected tokenizer.json or vocab.txt, found neither", folder.string());

  TokenizerDescription description;
  WordPieceOptions& options = description.options;
  const std::string source = config_path.string();
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
  description.source = vocabulary_path.string();
  description.tokens = read_vocabulary(vocabulary_path);
  description.pieces = static_cast<std::int64_t>(description.tokens.size());
  description.added =
      read_added_tokens_decoder(member(config, "added_tokens_decoder"), source, description.tokens);
  return description;
}

}  // namespace braid
