#include "braid/text/class_parts.h"

#include <algorithm>

#include "braid/error.h"
#include "braid/text/model_files.h"
#include "braid/text/tokenizer_json.h"

namespace braid {
namespace {

using Json = nlohmann::json;

bool flag(const TokenizerFolder& folder, const char* option, bool absent) {
  return read_flag(folder.settings.options, option, absent, folder.settings.source);
}

// Null counts as absent.
bool flag_or_null(const TokenizerFolder& folder, const char* option, bool absent) {
  return member(folder.settings.options, option).is_null() ? absent : flag(folder, option, absent);
}

Json byte_level(bool add_prefix_space, bool use_regex) {
  return {{"type", "ByteLevel"},
          {"add_prefix_space", add_prefix_space},
          {"trim_offsets", true},
          {"use_regex", use_regex}};
}

Json sequence(const char* name, const Json& steps) { return {{"type", "Sequence"}, {name, steps}}; }

Json metaspace(const char* scheme, bool split) {
  return {{"type", "Metaspace"},
          {"replacement", "\u2581"},
          {"prepend_scheme", scheme},
          {"split", split}};
}

Json replace(const char* kind, const char* pattern, const char* content) {
  return {{"type", "Replace"}, {"pattern", {{kind, pattern}}}, {"content", content}};
}

Json simple(const char* type) { return {{"type", type}}; }

Json bpe(bool sentencepiece) {
  return {{"type", "BPE"},
          {"dropout", nullptr},
          {"unk_token", nullptr},
          {"continuing_subword_prefix", sentencepiece ? Json() : Json("")},
          {"end_of_word_suffix", sentencepiece ? Json() : Json("")},
          {"fuse_unk", sentencepiece},
          {"byte_fallback", sentencepiece},
          {"ignore_merges", false}};
}

Json unigram(const Json& unknown) {
  return {{"type", "Unigram"}, {"unk_id", unknown}, {"byte_fallback", false}};
}

// Decodes byte tokens to bytes, and U+2581 to spaces.
Json byte_fallback_decoder() {
  return Json::array({replace("String", "\u2581", " "), simple("ByteFallback"), simple("Fuse")});
}

// The first Precompiled normalizer of a tokenizer.json, or null.
Json charsmap(const TokenizerFolder& folder) {
  if (!folder.json) return nullptr;
  const Json& normalizer = member(*folder.json, "normalizer");
  if (!normalizer.is_object()) return nullptr;
  const Json& list = member(normalizer, "normalizers");
  for (const Json& step : list.is_array() ? list : Json::array({normalizer})) {
    if (step.is_object() && member(step, "type") == "Precompiled") return step;
  }
  return nullptr;
}

// The first id of the unknown token in Unigram's vocabulary.
std::optional<std::size_t> unknown_id(const TokenizerFolder& folder, bool of_score_0) {
  const auto name = folder.settings.names.find("unk_token");
  if (!folder.json || name == folder.settings.names.end()) return std::nullopt;
  const Json& pieces = (*folder.json)["model"]["vocab"];
  for (std::size_t id = 0; id < pieces.size(); ++id) {
    if (pieces[id][0] == name->second && (!of_score_0 || pieces[id][1] == 0)) return id;
  }
  return std::nullopt;
}

// Splits text at white space, which becomes the start of the next piece.
void words_of_sentencepiece(const char* scheme, PipelineDescription& description) {
  description.pre_tokenizer =
      sequence("pretokenizers", {simple("WhitespaceSplit"), metaspace(scheme, true)});
  description.decoder = metaspace(scheme, true);
}

const char* prefix_scheme(const TokenizerFolder& folder) {
  return flag(folder, "add_prefix_space", true) ? "always" : "never";
}

}  // namespace

void gpt2_parts(const TokenizerFolder& folder, PipelineDescription& description) {
  description.model = bpe(false);
  description.pre_tokenizer = byte_level(flag(folder, "add_prefix_space", false), true);
  description.decoder = byte_level(true, true);
}

void gpt_neox_parts(const TokenizerFolder& folder, PipelineDescription& description) {
  gpt2_parts(folder, description);
  description.normalizer = simple("NFC");
}

void qwen2_parts(const TokenizerFolder& folder, PipelineDescription& description) {
  description.model = bpe(false);
  description.normalizer = simple("NFC");
  const Json split = {
      {"type", "Split"},
      {"pattern",
       {{"Regex",
         R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*)"
         R"(|\s*[\r\n]+|\s+(?!\S)|\s+)"}}},
      {"behavior", "Isolated"},
      {"invert", false}};
  description.pre_tokenizer = sequence(
      "pretokenizers", {split, byte_level(flag_or_null(folder, "add_prefix_space", false), false)});
  description.decoder = byte_level(true, true);
}

void llama_parts(const TokenizerFolder& folder, PipelineDescription& description) {
  description.model = bpe(true);
  const bool prefix = flag_or_null(folder, "add_prefix_space", true);
  const bool legacy = flag_or_null(folder, "legacy", false);
  description.pre_tokenizer = metaspace(!prefix ? "never" : legacy ? "always" : "first", false);
  Json decoders = byte_fallback_decoder();
  if (prefix) {
    decoders.push_back({{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}});
  }
  description.decoder = sequence("decoders", decoders);
}

void gemma_parts(const TokenizerFolder& folder, PipelineDescription& description) {
  description.model = bpe(true);
  const auto unknown = folder.settings.names.find("unk_token");
  require(unknown != folder.settings.names.end(), "{}: unk_token is null; {} requires one",
          folder.settings.source, folder.settings.type->name);
  description.model["unk_token"] = unknown->second;
  description.normalizer = replace("String", " ", "\u2581");
  description.pre_tokenizer = {{"type", "Split"},
                               {"pattern", {{"String", " "}}},
                               {"behavior", "MergedWithPrevious"},
                               {"invert", false}};
  description.decoder = sequence("decoders", byte_fallback_decoder());
}

void t5_parts(const TokenizerFolder& folder, PipelineDescription& description) {
  description.model = unigram(2);
  description.normalizer = charsmap(folder);
  words_of_sentencepiece("always", description);
}

void xlm_roberta_parts(const TokenizerFolder& folder, PipelineDescription& description) {
  description.model = unigram(3);
  description.normalizer = charsmap(folder);
  words_of_sentencepiece(prefix_scheme(folder), description);
}

void camembert_parts(const TokenizerFolder& folder, PipelineDescription& description) {
  description.model = unigram(unknown_id(folder, false).value_or(0));
  description.normalizer = charsmap(folder);
  words_of_sentencepiece(prefix_scheme(folder), description);
}

void albert_parts(const TokenizerFolder& folder, PipelineDescription& description) {
  description.model = unigram(1);
  for (const char* role : {"cls_token", "sep_token"}) {
    const std::string mark = folder.settings.mark(role);
    const std::vector<std::string>& pieces = description.pieces.by_id;
    require(std::find(pieces.begin(), pieces.end(), mark) != pieces.end(),
            "{}: {} is '{}', which is not in the vocabulary; {} requires it",
            folder.settings.source, role, mark, folder.settings.type->name);
  }
  Json steps = {replace("String", "``", "\""), replace("String", "''", "\"")};
  if (!flag(folder, "keep_accents", false)) {
    steps.push_back(simple("NFKD"));
    steps.push_back(simple("StripAccents"));
  }
  if (flag(folder, "do_lower_case", true)) steps.push_back(simple("Lowercase"));
  if (const Json map = charsmap(folder); !map.is_null()) steps.push_back(map);
  description.normalizer = sequence("normalizers", steps);
  words_of_sentencepiece(prefix_scheme(folder), description);
}

void deberta_v2_parts(const TokenizerFolder& folder, PipelineDescription& description) {
  require(!flag(folder, "split_by_punct", false),
          "{}: split_by_punct is true, only false is supported", folder.settings.source);
  const Json& option = member(folder.settings.options, "unk_id");
  const auto unknown = unknown_id(folder, true);
  description.model = unigram(unknown ? Json(*unknown) : option.is_null() ? Json(1) : option);
  Json steps = Json::array();
  if (flag(folder, "do_lower_case", false)) steps.push_back(simple("Lowercase"));
  steps.push_back(replace("Regex", R"(\s{2,}|[\n\r\t])", " "));
  steps.push_back(simple("NFC"));
  steps.push_back({{"type", "Strip"}, {"strip_left", false}, {"strip_right", true}});
  description.normalizer = sequence("normalizers", steps);
  const char* scheme = flag(folder, "add_prefix_space", true) ? "always" : "first";
  description.pre_tokenizer = sequence("pretokenizers", Json::array({metaspace(scheme, true)}));
  description.decoder = metaspace(scheme, true);
}

std::vector<std::string> t5_extra(const Json& options, const std::string& source) {
  const Json& count = member(options, "extra_ids");
  require(count.is_null() || (count.is_number_integer() && count >= 0 && count <= 10000),
          "{}: expected extra_ids to be an integer from 0 to 10000, found {:.80}", source,
          count.dump());
  std::vector<std::string> tokens;
  for (int i = 0; i < (count.is_null() ? 100 : count.get<int>()); ++i) {
    tokens.push_back(fmt::format("<extra_id_{}>", i));
  }
  return tokens;
}

std::vector<std::string> camembert_extra(const Json&, const std::string&) {
  return {"<s>NOTUSED", "</s>NOTUSED", "<unk>NOTUSED"};
}

}  // namespace braid
