// What folders say of their tokenizers. tokenizer_differential.py compares many more with
// transformers.
#include "braid/text/tokenizer_files.h"

#include <gmock/gmock.h>

#include <fstream>

#include "braid/error.h"
#include "braid/text/tokenizer.h"
#include "tests/checkpoint/temporary_folder.h"

namespace braid {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class TokenizerFolder : public TemporaryFolder {
 protected:
  std::unique_ptr<Tokenizer> load() const { return load_tokenizer(folder); }
  template <typename... Parts>
  void expect_refused(const Parts&... parts) const {
    EXPECT_THAT([&] { load(); },
                ThrowsMessage<Error>(AllOf(HasSubstr(folder.string()), HasSubstr(parts)...)));
  }
};

// A tokenizer.json with, in place of `old`, `fresh`.
std::string tokenizer_json(const std::string& old = "", const std::string& fresh = "") {
  std::string json = R"({"added_tokens": [
      {"id": 4, "content": "[MASK]", "special": true, "normalized": false, "lstrip": true},
      {"id": 8, "content": "New", "special": false, "normalized": true}],
    "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
      "strip_accents": null, "lowercase": true},
    "pre_tokenizer": {"type": "BertPreTokenizer"},
    "post_processor": {"type": "TemplateProcessing",
      "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}},
        {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
      "pair": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}},
        {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}},
        {"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": "[SEP]", "type_id": 1}}],
      "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]},
        "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}}},
    "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
      "max_input_chars_per_word": 5, "vocab": {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3,
      "[MASK]": 4, "a": 5, "##b": 6, "\u00e9": 7}}})";
  if (!old.empty()) {
    const std::size_t at = json.find(old);
    EXPECT_NE(at, std::string::npos) << old;
    json.replace(at, old.size(), fresh);
  }
  return json;
}

const std::string kVocabularyFile = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##b\nA\n";

TEST_F(TokenizerFolder, ReadsTokenizerJson) {
  write("tokenizer.json", tokenizer_json());
  write("vocab.txt", "ignored");
  write("tokenizer_config.json", R"({"mask_token": "[MASK]", "do_lower_case": false,
      "tokenizer_class": "PreTrainedTokenizerFast"})");
  const auto tokenizer = load();
  EXPECT_EQ(tokenizer->size(), 9);
  EXPECT_EQ(tokenizer->mask(), 4);
  EXPECT_TRUE(tokenizer->is_special(4));
  EXPECT_FALSE(tokenizer->is_special(8));
  // "New" is normalised and found as "new"; words have at most 5 characters.
  EXPECT_THAT(tokenizer->encode("ABnew \t[MASK] NEW abbbb abbbbb"),
              ElementsAre(5, 6, 8, 4, 8, 5, 6, 6, 6, 6, 1));
}

TEST_F(TokenizerFolder, ReadsVocabularyAndConfig) {
  write("vocab.txt", kVocabularyFile);
  EXPECT_THAT(load()->encode("Ab"), ElementsAre(5, 6));
  write("tokenizer_config.json",
        R"({"do_lower_case": false, "mask_token": {"__type": "AddedToken", "content": "A"}})");
  const auto tokenizer = load();
  EXPECT_EQ(tokenizer->mask(), 7);
  EXPECT_THAT(tokenizer->encode("Ab ab"), ElementsAre(7, 1, 5, 6));
  std::filesystem::remove(folder / "tokenizer_config.json");
  // White space at the ends of lines does not count, a byte order mark does.
  write("vocab.txt", "\xEF\xBB\xBF[PAD]\r\n[UNK] \n[CLS]\t\n[SEP]\u3000\n[MASK]\r\nA");
  EXPECT_EQ(load()->size(), 7);
  EXPECT_EQ(load()->pad(), 6);
}

TEST_F(TokenizerFolder, RefusesHostileVocabularyFiles) {
  expect_refused("has no tokenizer");
  write("vocab.txt", "");
  expect_refused("vocab.txt", "[UNK]");
  write("vocab.txt", "[PAD]\n[CLS]\n[SEP]\n[MASK]\na\n");
  expect_refused("vocab.txt", "[UNK]");
  write("vocab.txt", kVocabularyFile + "\xC3\n");
  expect_refused("vocab.txt", "UTF-8");
  write("vocab.txt", kVocabularyFile);
  for (const auto& [config, reason] : std::vector<std::pair<std::string, std::string>>{
           {"{", "not valid JSON"},
           {"[]", "expected a JSON object"},
           {R"({"do_lower_case": "no"})", "do_lower_case"},
           {R"({"cls_token": 7})", "cls_token"},
           {R"({"added_tokens_decoder": {"x": {}}})", "'x'"},
           {R"({"mask_token": {"content": "A"}})", "__type"},
           {R"({"mask_token": ""})", "mask_token is empty"},
           {R"({"cls_token": null})", "cls_token is null"},
           {R"({"do_lower_case": null})", "do_lower_case"},
           {R"({"tokenizer_class": "XLNetTokenizer"})", "'XLNetTokenizer'"},
           {R"({"tokenizer_class": "T5Tokenizer"})", "T5Tokenizer needs a tokenizer.json"},
           {R"({"auto_map": {"AutoTokenizer": ["a.B", null]}})", "auto_map"},
           {R"({"split_special_tokens": true})", "split_special_tokens"},
           {R"({"extra_special_tokens": "x"})", "extra_special_tokens"},
           {R"({"unk_token": "<u>"})", "unk_token '<u>'"}}) {
    write("tokenizer_config.json", config);
    expect_refused(reason);
  }
  write("tokenizer_config.json", "{}");
  write("added_tokens.json", R"({"x": 9, "y": 9})");
  expect_refused("added_tokens.json", "same id, 9");
}

TEST_F(TokenizerFolder, RefusesHostileTokenizerJson) {
  const std::string whole = tokenizer_json();
  for (std::size_t length = 0; length + 1 < whole.size(); length += 13) {
    write("tokenizer.json", whole.substr(0, length));
    expect_refused("tokenizer.json", "not valid JSON");
  }
  struct Change {
    std::string old, fresh, reason;
  };
  for (const Change& change : {
           Change{R"("a": 5)", R"("a": 5, "a": 5)", "duplicate key \"a\""},
           Change{R"("a": 5)", R"("a": 6)", "have the same id, 6"},
           Change{R"("a": 5)", R"("a": 50000000)", "gap"},
           Change{R"("a": 5)", R"("a": -5)", "an integer from 0 to"},
           Change{R"("a": 5)", R"("a": 1e99)", "an integer from 0 to"},
           Change{R"("a": 5)", R"("a": 18446744073709551615)", "an integer from 0 to"},
           Change{R"("[CLS]": 2)", R"("[XLS]": 2)", "'[CLS]'"},
           Change{R"("[UNK]": 1)", R"("[XNK]": 1)", "'[UNK]'"},
           Change{R"("type": "WordPiece")", R"("type": "BPE")", "model.merges"},
           Change{R"("type": "BertNormalizer")", R"("type": "NFC")", "BertNormalizer"},
           Change{R"("type": "BertPreTokenizer")", R"("type": "Digits")", "BertPreTokenizer"},
           Change{R"("ids": [2])", R"("ids": [5])", "post_processor"},
           Change{R"("ids": [3])", R"("ids": [9000])", "post_processor"},
           Change{R"("id": "A")", R"("id": "B")", "post_processor"},
           Change{R"("tokens": ["[SEP]"])", R"("tokens": [])", "[SEP]"},
           Change{R"("lowercase": true)", R"("lowercase": 1)", "lowercase"},
           Change{R"("content": "New")", R"("content": "\u0301")", "empty"},
           Change{R"("content": "New")", R"("content": 3)", "content"},
           Change{R"("max_input_chars_per_word": 5)", R"("max_input_chars_per_word": -1)",
                  "max_input_chars_per_word"},
           Change{R"(\u00e9)", R"(\ud800)", "not valid JSON"},
       }) {
    write("tokenizer.json", tokenizer_json(change.old, change.fresh));
    expect_refused(change.reason);
  }
  write("tokenizer.json", std::string(100'000, '['));
  expect_refused("tokenizer.json", "nested deeper");
  write("tokenizer.json",
        tokenizer_json(R"("type": "BertNormalizer")",
                       R"("type": )" + std::string(100'000, '[') + std::string(100'000, ']')));
  expect_refused("tokenizer.json", "nested deeper");
}

TEST_F(TokenizerFolder, NoneIsNotOneThatCannotBeRead) {
  EXPECT_FALSE(has_tokenizer(folder));
  EXPECT_EQ(find_tokenizer(folder), nullptr);
  const auto find = [&] { find_tokenizer(folder); };
  write("tokenizer_config.json", "{}");
  EXPECT_THAT(find, ThrowsMessage<Error>(HasSubstr("no vocabulary")));
  std::filesystem::remove(folder / "tokenizer_config.json");
  write("spiece.model", "");
  EXPECT_THAT(find, ThrowsMessage<Error>(HasSubstr("spiece.model")));
  std::filesystem::create_symlink("nowhere", folder / "vocab.txt");
  std::filesystem::remove(folder / "spiece.model");
  EXPECT_THAT(find, ThrowsMessage<Error>(HasSubstr("vocab.txt")));
  std::filesystem::remove(folder / "vocab.txt");
  write("vocab.txt", kVocabularyFile);
  EXPECT_THAT(find_tokenizer(folder)->tokens(),
              ElementsAre("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "##b", "A"));
}

TEST_F(TokenizerFolder, GivesNewTokensTheNextIds) {
  // The ids that files say do not count; transformers gives them by the order alone.
  write("vocab.txt", kVocabularyFile + "a\n\n\n");
  write("added_tokens.json", R"({"<x>": 300, "<y>": 200})");
  write("special_tokens_map.json",
        R"({"additional_special_tokens": ["<z>"], "mask_token": "<y>"})");
  const auto older = load();
  EXPECT_THAT(older->encode("a<x><y><Y><z>"), ElementsAre(8, 10, 9, 1, 1, 1, 11));
  EXPECT_EQ(older->mask(), 9);
  EXPECT_FALSE(older->is_special(10));
  EXPECT_TRUE(older->is_special(11));
  // With added_tokens_decoder the older files do not count.
  write("tokenizer_config.json",
        R"({"added_tokens_decoder": {"7": {"content": "<v>", "lstrip": true}}})");
  EXPECT_THAT(load()->encode("a <v>"), ElementsAre(8, 9));
  EXPECT_EQ(load()->mask(), 4);
}

TEST_F(TokenizerFolder, OptionsOfTheClassCountForMoreThanTokenizerJson) {
  write("tokenizer.json", tokenizer_json());
  EXPECT_THAT(load()->encode("AB abbbbb"), ElementsAre(5, 6, 1));
  write("config.json", R"({"model_type": "bert"})");
  EXPECT_THAT(load()->encode("AB abbbbb"), ElementsAre(5, 6, 5, 6, 6, 6, 6, 6));
  write("tokenizer_config.json", R"({"do_lower_case": false})");
  EXPECT_THAT(load()->encode("AB ab"), ElementsAre(1, 5, 6));
  write("tokenizer_config.json",
        R"({"tokenizer_class": "PreTrainedTokenizerFast", "do_lower_case": false})");
  EXPECT_THAT(load()->encode("AB abbbbb"), ElementsAre(5, 6, 1));
  write("tokenizer_config.json", R"({"tokenizer_class": "GPT2Tokenizer"})");
  expect_refused("tokenizer.json", "expected a BPE model");
}

}  // namespace
}  // namespace braid
