#include "braid/text/tokenizer_class.h"

#include <algorithm>
#include <map>

#include "braid/error.h"
#include "braid/text/class_parts.h"
#include "braid/text/tokenizer_json.h"

namespace braid {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

const std::vector<TokenizerClass> kClasses = {
    {.name = "PreTrainedTokenizer"},
    {.name = "BertTokenizer",
     .model = "WordPiece",
     .roles = {{"unk_token", "[UNK]"},
               {"sep_token", "[SEP]"},
               {"pad_token", "[PAD]"},
               {"cls_token", "[CLS]"},
               {"mask_token", "[MASK]"}}},
    {.name = "GPT2Tokenizer",
     .model = "BPE",
     .reads_merges = true,
     .roles = {{"bos_token", "<|endoftext|>"},
               {"eos_token", "<|endoftext|>"},
               {"unk_token", "<|endoftext|>"}},
     .parts = gpt2_parts},
    {.name = "RobertaTokenizer",
     .model = "BPE",
     .reads_merges = true,
     .roles = {{"bos_token", "<s>"},
               {"eos_token", "</s>"},
               {"unk_token", "<unk>"},
               {"sep_token", "</s>"},
               {"pad_token", "<pad>"},
               {"cls_token", "<s>"},
               {"mask_token", "<mask>"}},
     .parts = gpt2_parts,
     .form = {{{"cls_token"}, {"sep_token"}, {"sep_token", "sep_token"}}},
     .form_counts = true},
    {.name = "GPTNeoXTokenizer",
     .model = "BPE",
     .reads_merges = true,
     .roles = {{"bos_token", "<|endoftext|>"},
               {"eos_token", "<|endoftext|>"},
               {"unk_token", "<|endoftext|>"},
               {"pad_token", "<|padding|>"}},
     .parts = gpt_neox_parts,
     .form_counts = true},
    {.name = "Qwen2Tokenizer",
     .model = "BPE",
     .reads_merges = true,
     .roles = {{"eos_token", "<|endoftext|>"},
               {"unk_token", "<|endoftext|>"},
               {"pad_token", "<|endoftext|>"}},
     .parts = qwen2_parts,
     .plain_specials = true},
    {.name = "LlamaTokenizer",
     .model = "BPE",
     .roles = {{"bos_token", "<s>"}, {"eos_token", "</s>"}, {"unk_token", "<unk>"}},
     .parts = llama_parts},
    {.name = "GemmaTokenizer",
     .model = "BPE",
     .roles = {{"bos_token", "<bos>"},
               {"eos_token", "<eos>"},
               {"unk_token", "<unk>"},
               {"pad_token", "<pad>"},
               {"mask_token", "<mask>"}},
     .parts = gemma_parts},
    {.name = "T5Tokenizer",
     .model = "Unigram",
     .roles = {{"eos_token", "</s>"}, {"unk_token", "<unk>"}, {"pad_token", "<pad>"}},
     .parts = t5_parts,
     .form = {{{}, {"eos_token"}, {"eos_token"}}},
     .form_counts = true,
     .extra = t5_extra},
    {.name = "XLMRobertaTokenizer",
     .model = "Unigram",
     .roles = {{"bos_token", "<s>"},
               {"eos_token", "</s>"},
               {"unk_token", "<unk>"},
               {"sep_token", "</s>"},
               {"pad_token", "<pad>"},
               {"cls_token", "<s>"},
               {"mask_token", "<mask>"}},
     .parts = xlm_roberta_parts,
     .form = {{{"bos_token"}, {"eos_token"}, {"eos_token", "eos_token"}}},
     .form_counts = true},
    {.name = "CamembertTokenizer",
     .model = "Unigram",
     .roles = {{"bos_token", "<s>"},
               {"eos_token", "</s>"},
               {"unk_token", "<unk>"},
               {"sep_token", "</s>"},
               {"pad_token", "<pad>"},
               {"cls_token", "<s>"},
               {"mask_token", "<mask>"}},
     .parts = camembert_parts,
     .form = {{{"bos_token"}, {"eos_token"}, {"eos_token", "eos_token"}}},
     .form_counts = true,
     .extra = camembert_extra,
     .mask_strips = true},
    {.name = "AlbertTokenizer",
     .model = "Unigram",
     .roles = {{"bos_token", "[CLS]"},
               {"eos_token", "[SEP]"},
               {"unk_token", "<unk>"},
               {"sep_token", "[SEP]"},
               {"pad_token", "<pad>"},
               {"cls_token", "[CLS]"},
               {"mask_token", "[MASK]"}},
     .parts = albert_parts,
     .form = {{{"cls_token"}, {"sep_token"}, {"sep_token"}, true}}},
    {.name = "DebertaV2Tokenizer",
     .model = "Unigram",
     .roles = {{"bos_token", "[CLS]"},
               {"eos_token", "[SEP]"},
               {"unk_token", "[UNK]"},
               {"sep_token", "[SEP]"},
               {"pad_token", "[PAD]"},
               {"cls_token", "[CLS]"},
               {"mask_token", "[MASK]"}},
     .parts = deberta_v2_parts,
     .form = {{{"cls_token"}, {"sep_token"}, {"sep_token"}, true}},
     .form_counts = true}};

// Aliases, without "Fast".
const std::map<std::string, std::string> kAliases = {
    {"BartTokenizer", "RobertaTokenizer"},        {"DistilBertTokenizer", "BertTokenizer"},
    {"ElectraTokenizer", "BertTokenizer"},        {"LEDTokenizer", "RobertaTokenizer"},
    {"LongformerTokenizer", "RobertaTokenizer"},  {"MobileBertTokenizer", "BertTokenizer"},
    {"PythonBackend", "PreTrainedTokenizer"},     {"SqueezeBertTokenizer", "BertTokenizer"},
    {"TokenizersBackend", "PreTrainedTokenizer"}, {"BloomTokenizer", "PreTrainedTokenizer"}};

// The class of a model_type. As-written classes and Qwen2's override the class that a folder names;
// llama has none of its own.
const std::map<std::string, std::string> kOfModels = {{"albert", "AlbertTokenizer"},
                                                      {"bart", "RobertaTokenizer"},
                                                      {"bert", "BertTokenizer"},
                                                      {"camembert", "CamembertTokenizer"},
                                                      {"deberta-v2", "DebertaV2Tokenizer"},
                                                      {"distilbert", "BertTokenizer"},
                                                      {"electra", "BertTokenizer"},
                                                      {"gemma", "GemmaTokenizer"},
                                                      {"gemma2", "GemmaTokenizer"},
                                                      {"gemma3", "GemmaTokenizer"},
                                                      {"gemma3_text", "GemmaTokenizer"},
                                                      {"gpt2", "GPT2Tokenizer"},
                                                      {"gpt_neo", "GPT2Tokenizer"},
                                                      {"gpt_neox", "GPTNeoXTokenizer"},
                                                      {"gptj", "GPT2Tokenizer"},
                                                      {"llama", ""},
                                                      {"longformer", "RobertaTokenizer"},
                                                      {"mistral", "PreTrainedTokenizer"},
                                                      {"mixtral", "PreTrainedTokenizer"},
                                                      {"modernbert", "PreTrainedTokenizer"},
                                                      {"mt5", "T5Tokenizer"},
                                                      {"olmo", "GPTNeoXTokenizer"},
                                                      {"olmo2", "PreTrainedTokenizer"},
                                                      {"olmo3", "PreTrainedTokenizer"},
                                                      {"opt", "GPT2Tokenizer"},
                                                      {"phi3", "PreTrainedTokenizer"},
                                                      {"qwen2", "Qwen2Tokenizer"},
                                                      {"qwen3", "Qwen2Tokenizer"},
                                                      {"roberta", "RobertaTokenizer"},
                                                      {"t5", "T5Tokenizer"},
                                                      {"xlm-roberta", "XLMRobertaTokenizer"}};

const TokenizerClass* find_class(std::string name) {
  if (name.ends_with("Fast")) name.resize(name.size() - 4);
  if (const auto alias = kAliases.find(name); alias != kAliases.end()) name = alias->second;
  const auto found = std::find_if(kClasses.begin(), kClasses.end(),
                                  [&](const TokenizerClass& one) { return one.name == name; });
  return found == kClasses.end() ? nullptr : &*found;
}

const TokenizerClass& as_written() { return kClasses.front(); }

// Truthy in Python: present, not null and not empty.
bool says_something(const Json& value) {
  return !value.empty() && !(value.is_string() && value.get_ref<const std::string&>().empty());
}

}  // namespace

const TokenizerClass& tokenizer_class_of(const fs::path& folder, const Json& config,
                                         const Json* tokenizer_json) {
  const fs::path model_file = folder / "config.json";
  const Json model = is_listed(model_file) ? parse_object(model_file) : Json::object();
  const bool here = !member(config, "tokenizer_class").is_null();
  const std::string source = (here ? folder / "tokenizer_config.json" : model_file).string();
  const Json& type = member(model, "model_type");
  const auto of_model =
      type.is_string() ? kOfModels.find(type.get<std::string>()) : kOfModels.end();
  const TokenizerClass* by_model =
      of_model == kOfModels.end() ? nullptr : find_class(of_model->second);
  if (!here && !says_something(member(model, "tokenizer_class"))) {
    if (by_model) return *by_model;
    require(type.is_null() || of_model != kOfModels.end(),
            "{}: the tokenizer of model_type {:.80} is unknown; set tokenizer_class in "
            "tokenizer_config.json",
            source, type.dump());
    if (tokenizer_json || !type.is_null()) return as_written();
    return *find_class(is_listed(folder / "vocab.txt") ? "BertTokenizer" : "GPT2Tokenizer");
  }
  const std::string name =
      expect_text(member(here ? config : model, "tokenizer_class"), "tokenizer_class", source);
  const TokenizerClass* named = find_class(name);
  std::vector<std::string> names;
  for (const TokenizerClass& one : kClasses) names.push_back(one.name);
  require(named != nullptr,
          "{}: tokenizer_class is '{}', which is not supported; expected one of {}", source, name,
          fmt::join(names, ", "));
  if (by_model && (by_model->as_written() || type == "qwen2")) return *by_model;
  // Llama 3 names the class of Llama 2 for its tokenizer.json.
  const bool other_llama = named->name == "LlamaTokenizer" && tokenizer_json &&
                           tokenizer_json->dump().find("\"ByteLevel\"") != std::string::npos;
  return other_llama ? as_written() : *named;
}

}  // namespace braid
