#include "braid/text/tokenizer_files.h"

#include <algorithm>
#include <array>

#include "braid/error.h"
#include "braid/text/model_files.h"
#include "braid/text/tokenizer_json.h"

namespace braid {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 7> kFiles = {
    "tokenizer.json",         "vocab.txt",         "vocab.json",
    "tokenizer_config.json",  "added_tokens.json", "merges.txt",
    "special_tokens_map.json"};

// Files of unsupported tokenizers. Without a tokenizer.json, transformers reads the vocabulary from
// the first three, whatever other files exist.
constexpr std::array<const char*, 6> kForeign = {"tokenizer.model",         "tekken.json",
                                                 "tiktoken.model",          "spiece.model",
                                                 "sentencepiece.bpe.model", "spm.model"};

}  // namespace

std::set<std::string> tokenizer_file_names() {
  std::set<std::string> names(kFiles.begin(), kFiles.end());
  names.insert(kForeign.begin(), kForeign.end());
  return names;
}

bool has_tokenizer(const fs::path& folder) {
  const auto listed = [&](const char* file) { return is_listed(folder / file); };
  return std::any_of(kFiles.begin(), kFiles.end(), listed) ||
         std::any_of(kForeign.begin(), kForeign.end(), listed);
}

std::variant<WordPieceDescription, PipelineDescription> read_tokenizer(const fs::path& folder) {
  std::error_code ignored;
  require(fs::is_directory(folder, ignored), "{}: not a folder; expected a checkpoint folder",
          folder.string());
  const auto listed = [&](const char* file) { return is_listed(folder / file); };
  require(listed("tokenizer.json") || listed("vocab.txt") || listed("vocab.json") ||
              listed("merges.txt") || std::any_of(kForeign.begin(), kForeign.end(), listed),
          "{}: has no {}; expected tokenizer.json, vocab.txt, or vocab.json and merges.txt",
          folder.string(),
          has_tokenizer(folder) ? "vocabulary, but other files of a tokenizer" : "tokenizer");
  TokenizerFolder files{folder, std::nullopt, {}};
  if (listed("tokenizer.json")) {
    files.json = parse_object(folder / "tokenizer.json");
  } else {
    const auto foreign = std::find_if(kForeign.begin(), kForeign.end(), listed);
    require(foreign == kForeign.end(),
            "{}: vocabulary files of this kind are not supported; save the tokenizer as "
            "tokenizer.json with transformers",
            (folder / (foreign == kForeign.end() ? "" : *foreign)).string());
  }
  files.settings = read_tokenizer_settings(folder, files.json ? &*files.json : nullptr);
  const TokenizerClass& type = *files.settings.type;
  require(
      !type.as_written() || files.json.has_value(),
      "{}: its tokenizer_class needs a tokenizer.json, which is missing; add it, or set another "
      "class, such as BertTokenizer or GPT2Tokenizer, in tokenizer_config.json",
      folder.string());
  const nlohmann::json& model = files.json ? member(*files.json, "model") : nlohmann::json();
  // Old files lack the type; only WordPiece has a word limit.
  const nlohmann::json& model_type = model.is_object() ? member(model, "type") : model;
  const bool word_piece = !type.as_written() ? type.model == "WordPiece"
                                             : model_type == "WordPiece" ||
                                                   (model_type.is_null() && model.is_object() &&
                                                    model.contains("max_input_chars_per_word"));
  if (word_piece) return read_word_piece(files);
  return read_pipeline(files);
}

void add_special_tokens(const TokenizerFolder& folder, TokenizerDescription& description) {
  const TokenizerSettings& settings = folder.settings;
  AddedTokenIds ids(description.pieces.by_id, description.pieces.count);
  if (settings.type->as_written()) {
    ids.add(read_added_tokens(member(*folder.json, "added_tokens"), description.source));
  }
  std::vector<AddedToken> more = settings.declared;
  for (const AddedToken& token : settings.named) {
    const auto same = [&](const AddedToken& other) { return other.content == token.content; };
    const bool declared = std::any_of(settings.declared.begin(), settings.declared.end(), same);
    if (!declared && !ids.contains(token.content)) more.push_back(token);
  }
  ids.add(more);
  if (settings.type->plain_specials) {
    std::vector<AddedToken> plain;
    for (const auto& [role, token] : settings.names) plain.push_back({.content = token});
    for (const std::string& token : settings.extra) plain.push_back({.content = token});
    ids.add(plain);
  }
  description.added = ids.by_id();
  description.names = settings.names;
  description.extra = settings.extra;
}

}  // namespace braid
