#include "braid/text/tokenizer_pipeline.h"

#include <gmock/gmock.h>

#include <fstream>

#include "braid/error.h"
#include "braid/text/byte_characters.h"
#include "braid/text/word_patterns.h"
#include "tests/checkpoint/temporary_folder.h"

namespace braid {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::ThrowsMessage;

using Json = nlohmann::json;

// GPT-2's: the 256 byte characters, then what merges make.
PipelineDescription small() {
  PipelineDescription description;
  description.source = "small";
  description.pre_tokenizer = {
      {"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}};
  description.model = {{"type", "BPE"}};
  std::vector<std::string> tokens(byte_characters().begin(), byte_characters().end());
  description.merges = {{"a", "b"}, {"ab", "c"}, {"\xC4\xA0", "a"}, {"b", "c"}};
  for (const auto& [left, right] : description.merges) tokens.push_back(left + right);
  tokens.push_back("<|endoftext|>");
  description.pieces = Pieces::of_lines(std::move(tokens));
  description.names["eos_token"] = "<|endoftext|>";
  description.added.push_back({.content = "<|endoftext|>", .id = 260, .normalized = true});
  description.form.between.emplace();
  return description;
}

template <typename Word>
std::vector<std::string> words(std::string_view text, Word word) {
  std::vector<std::string> found;
  while (!text.empty()) {
    found.emplace_back(text.substr(0, word(text)));
    text.remove_prefix(found.back().size());
  }
  return found;
}

// The patterns' own order of alternatives, worked out by hand.
TEST(WordPatterns, Gpt2) {
  const auto words = [](std::string_view text) { return braid::words(text, gpt2_word); };
  EXPECT_THAT(words("I'll say he's 12ab"),
              ElementsAre("I", "'ll", " say", " he", "'s", " 12", "ab"));
  EXPECT_THAT(words("HE'S x"), ElementsAre("HE", "'", "S", " x"));
  EXPECT_THAT(words("a   b\n\nc\td "),
              ElementsAre("a", "  ", " b", "\n", "\n", "c", "\t", "d", " "));
  EXPECT_THAT(words("  "), ElementsAre("  "));
  EXPECT_THAT(words("a \xC2\xA0 b"), ElementsAre("a", " \xC2\xA0", " b"));
  EXPECT_THAT(words("x!?.. ...y"), ElementsAre("x", "!?..", " ...", "y"));
}

TEST(WordPatterns, Llama) {
  const auto words = [](std::string_view text, std::size_t digits) {
    return braid::words(text, [&](std::string_view rest) { return llama_word(rest, digits); });
  };
  EXPECT_THAT(words("I'LL say(he)'\u017F 1234", 3),
              ElementsAre("I", "'LL", " say", "(he", ")'", "\u017F", " ", "123", "4"));
  EXPECT_THAT(words("12a", 1), ElementsAre("1", "2", "a"));
  EXPECT_THAT(words("'\u017F x", 1), ElementsAre("'\u017F", " x"));
  EXPECT_THAT(words("a  \n \n  b", 1), ElementsAre("a", "  \n \n", " ", " b"));
  EXPECT_THAT(words("x !?\r\n\ny\tz", 1), ElementsAre("x", " !?\r\n\n", "y", "\tz"));
  EXPECT_THAT(words("\na   ", 1), ElementsAre("\n", "a", "   "));
}

TEST(PipelineTest, MergesTheEarliestLearntFirst) {
  const TokenizerPipeline tokenizer(small());
  ASSERT_EQ(tokenizer.size(), 261);
  EXPECT_THAT(tokenizer.encode("abc"), ElementsAre(257));
  EXPECT_THAT(tokenizer.encode(" abc"), ElementsAre(tokenizer.encode(" ").front(), 257));
  EXPECT_THAT(tokenizer.encode(" acbc"), ElementsAre(258, 'c', 259));
  EXPECT_THAT(tokenizer.encode("abab"), ElementsAre(256, 256));
  EXPECT_THAT(tokenizer.encode("ab<|endoftext|>ab"), ElementsAre(256, 260, 256));
  EXPECT_TRUE(tokenizer.is_special(260));
  EXPECT_FALSE(tokenizer.is_special(256));
  EXPECT_FALSE(tokenizer.is_special(-1));
  EXPECT_EQ(tokenizer.encode("\xFF").size(), 3);  // U+FFFD has three bytes
  EXPECT_TRUE(tokenizer.encode("").empty());
  EXPECT_THAT(tokenizer.encode_sequence("abcabc", 1), ElementsAre(257));
}

TEST(PipelineTest, RestrictsToWhatATextNeeds) {
  const auto part = TokenizerPipeline(small()).restricted_to("abc");
  EXPECT_EQ(part->size(), 256 + 2 + 1);  // "ab" on the way to "abc", and <|endoftext|>
  EXPECT_THAT(part->encode("abc<|endoftext|>"), ElementsAre(257, 258));
  EXPECT_EQ(part->encode("bc").size(), 2);
  for (const auto& [name, text] : part->files())
    EXPECT_THAT(text, Not(HasSubstr("unk_id"))) << name;
}

using PipelineFilesTest = TemporaryFolder;

TEST_F(PipelineFilesTest, ReadsTheFilesThatItWrites) {
  for (const auto& [name, text] : TokenizerPipeline(small()).files()) {
    std::ofstream(folder / name) << text;
  }
  const auto tokenizer = load_tokenizer(folder);
  EXPECT_STREQ(tokenizer->kind(), "byte-level BPE");
  EXPECT_THAT(tokenizer->encode(" acbc<|endoftext|>"), ElementsAre(258, 'c', 259, 260));
}

TEST_F(PipelineFilesTest, HostileVocabulariesAndMergesAreNamed) {
  const auto load = [&] { load_tokenizer(folder); };
  EXPECT_THAT(load, ThrowsMessage<Error>(HasSubstr("has no tokenizer")));
  write("merges.txt", "#version: 0.2\na b\nab\n");
  EXPECT_THAT(load, ThrowsMessage<Error>(HasSubstr("vocab.json")));
  write("vocab.json", R"({"a": 0, "b": 1, "ab": 2, "<|endoftext|>": 3})");
  EXPECT_THAT(load, ThrowsMessage<Error>(HasSubstr("merges.txt: line 3")));
  write("merges.txt", "a b\na c\n");
  EXPECT_THAT(load, ThrowsMessage<Error>(HasSubstr("'c' is not in the vocabulary")));
  write("merges.txt", "a b\n\xFF c\n");
  EXPECT_THAT(load, ThrowsMessage<Error>(HasSubstr("UTF-8")));
  write("merges.txt", "a b\n");
  EXPECT_THAT(load_tokenizer(folder)->encode("ab<|endoftext|>xa"), ElementsAre(2, 3, 0));
  write("vocab.json", R"({"a": 0, "b": 900000000000})");
  EXPECT_THAT(load, ThrowsMessage<Error>(HasSubstr("vocab.json")));
}

TEST_F(PipelineFilesTest, PartsThatAreNotSupportedAreNamed) {
  const auto refused = [&](const char* changes, const char* why) {
    Json whole = {
        {"added_tokens", Json::array()},
        {"model", {{"type", "BPE"}, {"vocab", {{"a", 0}, {"b", 1}}}, {"merges", Json::array()}}}};
    whole.merge_patch(Json::parse(changes));
    write("tokenizer.json", whole.dump());
    EXPECT_THAT([&] { load_tokenizer(folder); },
                ThrowsMessage<Error>(::testing::AllOf(HasSubstr(why), HasSubstr("tokenizer.json"))))
        << changes;
  };
  refused(R"({"model": {"type": "WordLevel"}})", "WordLevel");
  refused(R"({"model": {"type": 3}})", "model.type");
  refused(R"({"model": [1]})", "expected a model");
  refused(R"({"model": {"dropout": 0.1}})", "model.dropout");
  refused(R"({"model": {"end_of_word_suffix": "</w>"}})", "end_of_word_suffix");
  refused(R"({"model": {"merges": [["a", 1]]}})", "two pieces");
  refused(R"({"model": {"merges": [["a", "c"]]}})", "'c' is not in the vocabulary");
  refused(R"({"model": {"vocab": {"a": 1}}, "added_tokens": 3})", "added_tokens");
  refused(R"({"model": {"type": "Unigram"}})", "to be a list");
  refused(R"({"model": {"type": "Unigram", "vocab": [["a", "b"]]}})", "a piece and its score");
  refused(R"({"model": {"type": "Unigram", "vocab": [["a", -1]], "unk_id": 1}})", "unk_id");
  refused(R"({"normalizer": {"type": "Nmt"}})", "Nmt");
  refused(R"({"normalizer": {"type": "Sequence", "normalizers": 3}})", "to be a list");
  refused(R"({"normalizer": {"type": "Strip", "strip_left": true}})", "strip_right");
  refused(R"({"normalizer": {"type": "Replace", "pattern": {"Regex": "a+"}, "content": ""}})",
          "'a+'");
  refused(R"({"normalizer": {"type": "Replace", "pattern": {"String": ""}, "content": ""}})",
          "empty");
  refused(R"({"normalizer": {"type": "Precompiled", "precompiled_charsmap": "AB"}})", "base64");
  refused(R"({"normalizer": {"type": "Precompiled", "precompiled_charsmap": "AAAA"}})", "3 bytes");
  refused(R"({"normalizer": {"type": "Precompiled", "precompiled_charsmap": "CAAAAAAAAAA="}})",
          "8 bytes");
  refused(R"({"pre_tokenizer": {"type": "Whitespace"}})", "Whitespace");
  refused(R"({"pre_tokenizer": {"type": "Metaspace", "replacement": "__"}})", "a character");
  refused(R"({"pre_tokenizer": {"type": "Sequence", "pretokenizers": [
              {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true},
              {"type": "Digits", "individual_digits": true}]}})",
          "after ByteLevel");
  refused(R"({"normalizer": {"type": "Prepend", "prepend": "_"},
              "pre_tokenizer": {"type": "Metaspace", "replacement": "_", "prepend_scheme": "first"}})",
          "'first'");
  refused(R"({"post_processor": {"type": "TemplateProcessing", "single": [3]}})",
          "special tokens and texts");
  refused(R"({"post_processor": {"type": "RobertaProcessing", "sep": ["b", 0], "cls": ["a", 0]}})",
          "id 0 is not that of 'b'");
  refused(R"({"post_processor": {"type": "Sequence", "processors": [
              {"type": "BertProcessing", "sep": ["b", 1], "cls": ["a", 0]},
              {"type": "RobertaProcessing", "sep": ["b", 1], "cls": ["a", 0]}]}})",
          "2 post_processors");
}

}  // namespace
}  // namespace braid
