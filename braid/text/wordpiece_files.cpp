// Reads BERT's WordPiece tokenizer: a whole tokenizer.json, or a vocabulary with the options of
// BertTokenizer.
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include "braid/error.h"
#include "braid/text/basic_tokens.h"
#include "braid/text/model_files.h"
#include "braid/text/tokenizer_files.h"
#include "braid/text/tokenizer_json.h"

namespace braid {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

std::string_view trim_end(std::string_view line) {
  while (!line.empty()) {
    auto start = static_cast<std::int32_t>(line.size());
    UChar32 c;
    U8_PREV_OR_FFFD(line.data(), 0, start, c);
    if (!u_isUWhiteSpace(c)) break;
    line = line.substr(0, static_cast<std::size_t>(start));
  }
  return line;
}

const Json& expect_model(const Json& json, const std::string& source) {
  const Json& model = member(json, "model");
  require(model.is_object(), "{}: expected a model, found {}", source, model.type_name());
  // Old files lack the type; only WordPiece has a word limit.
  const Json& type = member(model, "type");
  const bool word_piece =
      type.is_null() ? model.contains("max_input_chars_per_word") : type == "WordPiece";
  require(word_piece, "{}: expected a WordPiece model for its tokenizer_class, found {}", source,
          type.is_null() ? "one without a type" : type.dump());
  return model;
}

void read_model(const Json& model, WordPieceDescription& description) {
  const std::string& source = description.source;
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
}

void read_normalizer(const Json& normalizer, const Json& splitter,
                     WordPieceDescription& description) {
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

// The post-processor names the tokens in the positions of BERT's [CLS] and [SEP]. Without one,
// sequences have no special tokens.
void read_template(const Json& processor, WordPieceDescription& description) {
  if (processor.is_null()) return;
  const std::string& source = description.source;
  const TokenTable table(description);
  const auto known = [&](const std::string& token, const Json& id) {
    require(id.is_number_integer() && table.find(token) == id.get<std::int64_t>(),
            "{}: the post_processor's id {} is not that of '{}'", source, id.dump(), token);
    return token;
  };
  try {
    if (processor.at("type") == "BertProcessing") {
      const Json &cls = processor.at("cls"), &sep = processor.at("sep");
      description.marks = {known(cls.at(0).get<std::string>(), cls.at(1)),
                           known(sep.at(0).get<std::string>(), sep.at(1))};
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
    const auto token_of = [&](const Json& name) {
      const Json& token = processor.at("special_tokens").at(name.get<std::string>());
      require(token.at("tokens").size() == 1 && token.at("ids").size() == 1,
              "{}: expected one token for {}", source, name.dump());
      return known(token.at("tokens").at(0).get<std::string>(), token.at("ids").at(0));
    };
    description.marks = {token_of(cls), token_of(sep)};
  } catch (const Json::exception&) {
    fail("{}: expected the post_processor TemplateProcessing with [CLS] and [SEP], found {:.80}",
         source, processor.dump());
  }
}

// The options of BertTokenizer, which ignores the rest of tokenizer.json.
void read_bert_options(const TokenizerSettings& settings, WordPieceDescription& description) {
  WordPieceOptions& options = description.options;
  const auto unknown = settings.names.find("unk_token");
  require(unknown != settings.names.end(), "{}: unk_token is null; {} requires one",
          settings.source, settings.type->name);
  options.unk_token = unknown->second;
  options.lower_case = read_flag(settings.options, "do_lower_case", true, settings.source);
  options.chinese_chars =
      read_flag(settings.options, "tokenize_chinese_chars", true, settings.source);
  if (!member(settings.options, "strip_accents").is_null()) {
    options.strip_accents = read_flag(settings.options, "strip_accents", true, settings.source);
  }
  description.marks = {settings.mark("cls_token"), settings.mark("sep_token")};
}

}  // namespace

std::vector<std::string> read_vocabulary(const fs::path& file) {
  const std::string content = read_tokenizer_file(file);
  std::string_view rest = content;
  std::vector<std::string> tokens;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    require(is_valid_utf8(rest.substr(0, end)), "{}: line {} is not valid UTF-8", file.string(),
            tokens.size() + 1);
    tokens.emplace_back(trim_end(rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return tokens;
}

WordPieceDescription read_word_piece(const TokenizerFolder& folder) {
  WordPieceDescription description;
  const bool as_written = folder.settings.type->as_written();
  if (folder.json) {
    description.source = (folder.path / "tokenizer.json").string();
    const Json& model = expect_model(*folder.json, description.source);
    description.pieces = read_pieces(member(model, "vocab"), description.source);
    if (as_written) read_model(model, description);
  } else {
    const fs::path file = folder.path / "vocab.txt";
    description.source = file.string();
    require(is_listed(file), "{}: does not exist; BertTokenizer needs it, or a tokenizer.json",
            description.source);
    description.pieces = Pieces::of_lines(read_vocabulary(file));
  }
  if (as_written) {
    read_normalizer(member(*folder.json, "normalizer"), member(*folder.json, "pre_tokenizer"),
                    description);
  } else {
    read_bert_options(folder.settings, description);
  }
  add_special_tokens(folder, description);
  if (as_written) read_template(member(*folder.json, "post_processor"), description);
  return description;
}

}  // namespace braid
