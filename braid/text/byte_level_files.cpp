// Reads GPT-2's byte-level BPE tokenizer: all of a tokenizer.json, or a vocabulary and merges with
// the options of GPT2Tokenizer.
#include "braid/error.h"
#include "braid/text/basic_tokens.h"
#include "braid/text/model_files.h"
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

void read_merges(const Json& merges, ByteLevelDescription& description) {
  const std::string& source = description.source;
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
}

void read_merges(const fs::path& path, ByteLevelDescription& description) {
  const std::string content = read_tokenizer_file(path);
  require(is_valid_utf8(content), "{}: is not valid UTF-8", path.string());
  std::string_view rest = content;
  for (std::int64_t number = 1; !rest.empty(); ++number) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with("#version")) continue;
    description.merges.push_back(
        split_merge(line, fmt::format("{}: line {}", path.string(), number)));
  }
}

// What tokenizer.json says beside its vocabulary.
void read_as_written(const Json& json, ByteLevelDescription& description) {
  const std::string& source = description.source;
  const Json& model = json["model"];
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
  description.add_prefix_space = read_flag(splitter, "add_prefix_space", true, source);
}

}  // namespace

ByteLevelDescription read_byte_level(const TokenizerFolder& folder) {
  ByteLevelDescription description;
  const TokenizerSettings& settings = folder.settings;
  const bool as_written = settings.kind == TokenizerClass::as_written;
  if (folder.json) {
    const std::string& source = description.source = (folder.path / "tokenizer.json").string();
    const Json& model = member(*folder.json, "model");
    require(model.is_object() && member(model, "type") == "BPE",
            "{}: expected a BPE model, found {:.80}", source, model.dump());
    if (as_written) read_as_written(*folder.json, description);
    description.pieces = read_pieces(member(model, "vocab"), source);
    read_merges(member(model, "merges"), description);
    const Json& processor = member(*folder.json, "post_processor");
    require(
        processor.is_null() || (processor.is_object() && member(processor, "type") == "ByteLevel"),
        "{}: expected the post_processor ByteLevel or none, found {:.80}", source,
        processor.dump());
  } else {
    const fs::path vocabulary = folder.path / "vocab.json", merges = folder.path / "merges.txt";
    for (const fs::path& file : {vocabulary, merges}) {
      require(
          is_listed(file),
          "{}: is not there; GPT2Tokenizer needs vocab.json and merges.txt, or a tokenizer.json",
          file.string());
    }
    description.source = vocabulary.string();
    description.pieces = read_pieces(parse_object(vocabulary), description.source);
    read_merges(merges, description);
    for (const char* key : {"add_bos_token", "add_eos_token"}) {
      require(!read_flag(settings.options, key, false, settings.source),
              "{}: {} is true, only false is supported", settings.source, key);
    }
  }
  if (!as_written) {
    description.add_prefix_space =
        read_flag(settings.options, "add_prefix_space", false, settings.source);
  }
  add_special_tokens(folder, description);
  return description;
}

}  // namespace braid
