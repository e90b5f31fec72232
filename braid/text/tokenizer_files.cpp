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

// Of tokenizers that are not known here. Where there is no tokenizer.json, transformers takes the
// first three for the vocabulary, whatever else there is.
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

std::variant<WordPieceDescription, ByteLevelDescription> read_tokenizer(const fs::path& folder) {
  std::error_code ignored;
  require(fs::is_directory(folder, ignored), "{}: expected a checkpoint folder, found none",
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
            "{}: a vocabulary of a kind that is not known here; save the tokenizer with "
            "transformers as tokenizer.json",
            (folder / (foreign == kForeign.end() ? "" : *foreign)).string());
  }
  files.settings = read_tokenizer_settings(folder, files.json ? &*files.json : nullptr);
  bool byte_level = files.settings.kind == TokenizerClass::gpt2;
  if (files.settings.kind == TokenizerClass::as_written) {
    require(files.json.has_value(),
            "{}: its tokenizer_class needs a tokenizer.json, found none; name BertTokenizer or "
            "GPT2Tokenizer in tokenizer_config.json",
            folder.string());
    const nlohmann::json& model = member(*files.json, "model");
    byte_level = model.is_object() && member(model, "type") == "BPE";
  }
  if (byte_level) return read_byte_level(files);
  return read_word_piece(files);
}

void add_special_tokens(const TokenizerFolder& folder, TokenizerDescription& description) {
  const TokenizerSettings& settings = folder.settings;
  AddedTokenIds ids(description.pieces.by_id, description.pieces.count);
  if (settings.kind == TokenizerClass::as_written) {
    ids.add(read_added_tokens(member(*folder.json, "added_tokens"), description.source));
  }
  std::vector<AddedToken> more = settings.declared;
  for (const AddedToken& token : settings.named) {
    const auto same = [&](const AddedToken& other) { return other.content == token.content; };
    const bool declared = std::any_of(settings.declared.begin(), settings.declared.end(), same);
    if (!declared && !ids.contains(token.content)) more.push_back(token);
  }
  ids.add(more);
  description.added = ids.by_id();
  description.names = settings.names;
  description.extra = settings.extra;
}

}  // namespace braid
