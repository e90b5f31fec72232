#include "braid/text/byte_level_bpe.h"

#include <gmock/gmock.h>

#include <fstream>

#include "braid/error.h"
#include "tests/checkpoint/temporary_folder.h"

namespace braid {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

// The 256 byte characters in GPT-2's order, then what merges make.
ByteLevelDescription small() {
  ByteLevelDescription description;
  description.source = "small";
  std::vector<std::string> tokens;
  const auto add = [&](int c) {
    std::string text;
    if (c < 0x80) {
      text = static_cast<char>(c);
    } else {
      text = {static_cast<char>(0xC0 | (c >> 6)), static_cast<char>(0x80 | (c & 0x3F))};
    }
    tokens.push_back(text);
  };
  for (int c = '!'; c <= '~'; ++c) add(c);
  for (int c = 0xA1; c <= 0xFF; ++c) {
    if (c != 0xAD) add(c);
  }
  for (int c = 0x100; c < 0x144; ++c) add(c);
  description.merges = {{"a", "b"}, {"ab", "c"}, {"\xC4\xA0", "a"}, {"b", "c"}};
  for (const auto& [left, right] : description.merges) tokens.push_back(left + right);
  tokens.push_back("<|endoftext|>");
  description.pieces = Pieces::of_lines(std::move(tokens));
  description.names["eos_token"] = "<|endoftext|>";
  description.added.push_back({.content = "<|endoftext|>", .id = 260, .normalized = true});
  return description;
}

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> found;
  while (!text.empty()) {
    found.emplace_back(text.substr(0, word_length(text)));
    text.remove_prefix(found.back().size());
  }
  return found;
}

// The pattern's own order of alternatives, worked out by hand.
TEST(WordLengthTest, FollowsThePattern) {
  EXPECT_THAT(words("I'll say he's 12ab"),
              ElementsAre("I", "'ll", " say", " he", "'s", " 12", "ab"));
  EXPECT_THAT(words("HE'S x"), ElementsAre("HE", "'", "S", " x"));
  EXPECT_THAT(words("a   b\n\nc\td "),
              ElementsAre("a", "  ", " b", "\n", "\n", "c", "\t", "d", " "));
  EXPECT_THAT(words("  "), ElementsAre("  "));
  EXPECT_THAT(words("a \xC2\xA0 b"), ElementsAre("a", " \xC2\xA0", " b"));
  EXPECT_THAT(words("x!?.. ...y"), ElementsAre("x", "!?..", " ...", "y"));
}

TEST(ByteLevelBpeTest, MergesTheEarliestLearntFirst) {
  const ByteLevelBpe tokenizer(small());
  ASSERT_EQ(tokenizer.size(), 261);
  EXPECT_THAT(tokenizer.encode("abc"), ElementsAre(257));
  EXPECT_THAT(tokenizer.encode(" abc"), ElementsAre(tokenizer.encode(" ").front(), 257));
  EXPECT_THAT(tokenizer.encode(" acbc"), ElementsAre(258, 66, 259));  // "c" is 'c' - '!'
  EXPECT_THAT(tokenizer.encode("abab"), ElementsAre(256, 256));
  EXPECT_THAT(tokenizer.encode("ab<|endoftext|>ab"), ElementsAre(256, 260, 256));
  EXPECT_TRUE(tokenizer.is_special(260));
  EXPECT_FALSE(tokenizer.is_special(256));
  EXPECT_FALSE(tokenizer.is_special(-1));
  EXPECT_EQ(tokenizer.encode("\xFF").size(), 3);  // U+FFFD has three bytes
  EXPECT_TRUE(tokenizer.encode("").empty());
  EXPECT_THAT(tokenizer.encode_sequence("abcabc", 1), ElementsAre(257));
}

TEST(ByteLevelBpeTest, RestrictsToWhatATextNeeds) {
  const auto part = ByteLevelBpe(small()).restricted_to("abc");
  EXPECT_EQ(part->size(), 256 + 2 + 1);  // "ab" on the way to "abc", and <|endoftext|>
  EXPECT_THAT(part->encode("abc<|endoftext|>"), ElementsAre(257, 258));
  EXPECT_EQ(part->encode("bc").size(), 2);
}

using ByteLevelBpeFilesTest = TemporaryFolder;

TEST_F(ByteLevelBpeFilesTest, ReadsTheFilesThatItWrites) {
  for (const auto& [name, text] : ByteLevelBpe(small()).files()) {
    std::ofstream(folder / name) << text;
  }
  const auto tokenizer = load_tokenizer(folder);
  EXPECT_STREQ(tokenizer->kind(), "byte-level BPE");
  EXPECT_THAT(tokenizer->encode(" acbc<|endoftext|>"), ElementsAre(258, 66, 259, 260));
}

TEST_F(ByteLevelBpeFilesTest, HostileFilesAreNamed) {
  const auto load = [&] { load_tokenizer(folder); };
  EXPECT_THAT([&] { load_tokenizer(folder); }, ThrowsMessage<Error>(HasSubstr("merges.txt")));
  for (const auto& [name, text] : ByteLevelBpe(small()).files()) write(name, text);
  EXPECT_NO_THROW(load());
  write("merges.txt", "#version: 0.2\na b\nab\n");
  EXPECT_THAT(load, ThrowsMessage<Error>(HasSubstr("merges.txt: line 3")));
  write("merges.txt", "a b\na c\n");
  EXPECT_THAT(load, ThrowsMessage<Error>(HasSubstr("'ac' is no token")));
  write("merges.txt", "a b\n\xFF c\n");
  EXPECT_THAT(load, ThrowsMessage<Error>(HasSubstr("UTF-8")));
  write("merges.txt", "");
  std::filesystem::remove(folder / "tokenizer_config.json");  // which has an added token
  write("vocab.json", R"({"a": 0, "b": 1})");
  EXPECT_THAT(load, ThrowsMessage<Error>(HasSubstr("byte")));
  write("vocab.json", R"({"a": 0, "b": 900000000000})");
  EXPECT_THAT(load, ThrowsMessage<Error>(HasSubstr("vocab.json")));
  const auto refused = [&](const char* json, const char* why) {
    write("tokenizer.json", json);
    EXPECT_THAT(load, ThrowsMessage<Error>(HasSubstr(why))) << json;
  };
  refused("{", "not valid JSON");
  refused(R"({"model": {"type": "Unigram"}, "added_tokens": []})", "Unigram");
  refused(R"({"added_tokens": [], "model": {"type": "BPE", "dropout": 0.1}})", "model.dropout");
  refused(R"({"added_tokens": [], "model": {"type": "BPE"}, "normalizer": {"type": "NFC"}})",
          "no normalizer");
  refused(
      R"({"added_tokens": [], "model": {"type": "BPE"}, "pre_tokenizer": {"type": "Whitespace"}})",
      "ByteLevel");
  refused(R"({"added_tokens": [], "model": {"type": "BPE", "vocab": {}, "merges": [["a", 1]]},
              "pre_tokenizer": {"type": "ByteLevel"}})",
          "two pieces");
}

}  // namespace
}  // namespace braid
