// Reads what a Hugging Face checkpoint folder says about its byte-level BPE tokenizer.
#include <nlohmann/json.hpp>

#include "braid/error.h"
#include "braid/text/basic_tokens.h"
#include "braid/text/byte_level_bpe.h"
#include "braid/text/tokenizer_json.h"

namespace braid {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

void refuse(const Json& object, const char* name, const Json& expected, const std::string& source) {
  const Json& value = member(object, name);
  require(value.is_null() || value == expected, "{}: model.{} is {:.80}, only {} is supported",
          source, name, value.dump(), expected.dump());
}

std::pair<std::string, std::string> split_merge(std::string_view line, const std::string& where) {
  const std::size_t space = line.find(' ');
  const bool two = space != std::string_view::npos && space > 0 && space + 1 < line.size() &&
                   line.find(' ', space + 1) == std::string_view::npos;
  require(two, "{}: expected two pieces with a space between, found '{:.80}'", where, line);
  return {std::string(line.substr(0, space)), std::string(line.substr(space + 1))};
}

void read_tokenizer_json(const fs::path& path, ByteLevelDescription& description) {
  const std::string& source = description.source = path.string();
  const Json json = parse_object(path);
  const Json& model = member(json, "model");
  require(model.is_object() && member(model, "type") == "BPE",
          "{}: expected a BPE model, found {:.80}", source, model.dump());
  refuse(model, "dropout", nullptr, source);
  refuse(model, "continuing_subword_prefix", "", source);
  refuse(model, "end_of_word_suffix", "", source);
  refuse(model, "byte_fallback", false, source);
  refuse(model, "ignore_merges", false, source);
  require(member(json, "normalizer").is_null(), "{}: expected no normalizer, found {:.80}", source,
          member(json, "normalizer").dump());
  const Json& splitter = member(json, "pre_tokenizer");
  require(splitter.is_object() && member(splitter, "type") == "ByteLevel" &&
              read_flag(splitter, "use_regex", true, source),
          "{}: expected the pre_tokenizer ByteLevel with its pattern, found {:.80}", source,
          splitter.dump());
  const Json& processor = member(json, "post_processor");
  require(
      processor.is_null() || (processor.is_object() && member(processor, "type") == "ByteLevel"),
      "{}: expected the post_processor ByteLevel or none, found {:.80}", source, processor.dump());
  description.add_prefix_space = read_flag(splitter, "add_prefix_space", true, source);
  description.tokens = read_pieces(member(model, "vocab"), source);
  const Json& merges = member(model, "merges");
  require(merges.is_array(), "{}: expected model.merges to be a list, found {}", source,
          merges.type_name());
  for (const Json& merge : merges) {
    const bool pair =
        merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string();
    require(pair || merge.is_string(), "{}: expected a merge to be two pieces, found {:.80}",
            source, merge.dump());
    description.merges.push_back(pair ? std::pair<std::string, std::string>(merge[0], merge[1])
                                      : split_merge(merge.get<std::string>(), source));
  }
  description.added = read_added_tokens(member(json, "added_tokens"), source, description.tokens);
}

void read_vocabulary(const fs::path& folder, ByteLevelDescription& description) {
  description.source = (folder / "vocab.json").string();
  description.tokens = read_pieces(parse_object(folder / "vocab.json"), description.source);
  const fs::path path = folder / "merges.txt";
  const std::string content = read_tokenizer_file(path);
  require(is_valid_utf8(content), "{}: is not valid UTF-8", path.string());
  std::string_view rest = content;
  for (std::int64_t number = 1; !rest.empty(); ++number) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.starts_with("#version")) continue;
    description.merges.push_back(
        split_merge(line, fmt::format("{}: line {}", path.string(), number)));
  }
  const Json config = read_tokenizer_config(folder);
  const std::string source = (folder / "tokenizer_config.json").string();
  description.add_prefix_space = read_flag(config, "add_prefix_space", false, source);
  description.added =
      read_added_tokens_decoder(member(config, "added_tokens_decoder"), source, description.tokens);
  // Older folders name the special tokens only, by default GPT-2's.
  std::string end_of_text = "<|endoftext|>";
  read_name(config, "eos_token", source, end_of_text);
  const auto& tokens = description.tokens;
  const auto named = std::find(tokens.begin(), tokens.end(), end_of_text);
  const bool known = std::any_of(description.added.begin(), description.added.end(),
                                 [&](const AddedToken& t) { return t.content == end_of_text; });
  if (!known && named != tokens.end()) {
    description.added.push_back(
        {.content = end_of_text, .id = static_cast<std::int64_t>(named - tokens.begin())});
  }
}

}  // namespace

ByteLevelBpe ByteLevelBpe::from_folder(const fs::path& folder) {
  ByteLevelDescription description;
  std::error_code ignored;
  if (fs::exists(folder / "tokenizer.json", ignored)) {
    read_tokenizer_json(folder / "tokenizer.json", description);
  } else {
    read_vocabulary(folder, description);
  }
  return ByteLevelBpe(std::move(description));
}

}  // namespace braid
