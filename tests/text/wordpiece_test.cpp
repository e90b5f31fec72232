#include "braid/text/wordpiece.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "braid/error.h"

namespace braid {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

using Ids = std::vector<std::int64_t>;

// Many entries are there to catch a character that is kept, joined or decomposed wrongly.
const std::vector<std::string> kVocabulary = {
    "[PAD]",     "[UNK]",     "[CLS]",      "[SEP]",   "[MASK]",
    "the",       "cat",       "##s",        "un",      "##aff",
    "##able",    "i",         "##\u0307",   "\u03C3",  "##\u03C3",
    "\u03C2",    "stra",      "##\u00DF",   "##e",     "e",
    "\u00E9",    "caf",       "a",          "##a",     "\u6771",
    "\u4EAC",    "!",         ",",          "[",       "]",
    "mask",      "#",         "##mask",     "\u1734",  "x",
    "##x",       "y",         "\u304C",     "\u304B",  "\u302E",
    "##\u302E",  "##\u302F",  "\U0001D15F", "~",       "Cat",
    "\u0130",    "##b",       "\u03A3",     "\uA7CD",  std::string(1, '\0'),
    "\uFFFD",    "\u00A0",    "\u200B",     "\u0489",  "##\u0489",
    "CAF\u00C9", "caf\u00E9", "\u2764",     "##\uFE0F"};

std::string repeat(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

struct Golden {
  std::string text;
  Ids lower;  // bert-base-uncased's options
  Ids cased;  // bert-base-cased's
  Ids raw;    // cased, accents stripped, nothing cleaned, no CJK
};

// Ids as given by tokenizers 0.23.3 for kVocabulary.
std::vector<Golden> golden() {
  return {
      {"", {}, {}, {}},
      {"   \011\012", {}, {}, {}},
      {"The cats", {5, 6, 7}, {1, 6, 7}, {1, 6, 7}},
      {"unaffable unaffabler", {8, 9, 10, 1}, {8, 9, 10, 1}, {8, 9, 10, 1}},
      {"THE[MASK]cat[mask] [MASK",
       {5, 4, 6, 28, 30, 29, 28, 30},
       {1, 4, 6, 28, 30, 29, 28, 1},
       {1, 4, 6, 28, 30, 29, 28, 1}},
      {"\u0130 \u0130X", {11, 11, 35}, {45, 1}, {1, 1}},
      {"\u03A3\u0391\u03A3 \u03C2 \u03A3\u03C3", {1, 15, 13, 14}, {1, 15, 47, 14}, {1, 15, 47, 14}},
      {"stra\u00DFe STRASSE", {16, 17, 18, 16, 7, 7, 18}, {16, 17, 18, 1}, {16, 17, 18, 1}},
      {"caf\u00E9 CAF\u00C9 cafe\u0301",
       {21, 18, 21, 18, 21, 18},
       {56, 55, 1},
       {21, 18, 1, 21, 18}},
      {"\u6771\u4EACx\u6771", {24, 25, 34, 24}, {24, 25, 34, 24}, {1}},
      {"a,b!~ #mask",
       {22, 27, 1, 26, 43, 31, 30},
       {22, 27, 1, 26, 43, 31, 30},
       {22, 27, 1, 26, 43, 31, 30}},
      {repeat("a", 101), {1}, {1}, {1}},
      {repeat("e\u0301", 101), {1}, {1}, {1}},
      {std::string("x\000x\001x\177x\u200Bx\u00ADx", 14),
       {34, 35, 35, 35, 35, 35},
       {34, 35, 35, 35, 35, 35},
       {1}},
      {"x\u00A0y\u3000x\302\205x\u2028y",
       {34, 36, 34, 35, 36},
       {34, 36, 34, 35, 36},
       {34, 36, 34, 34, 36}},
      {"\u166Dx\U000111C9x", {1, 34, 1, 34}, {1, 34, 1, 34}, {1, 34, 1, 34}},
      {"x\u1734x", {34, 35}, {1}, {34, 35}},
      {"a\u0345\u302E\u0323", {22, 40}, {1}, {22, 40}},
      {"a\u302E\u302F\u0323", {22, 40, 41}, {1}, {22, 40, 41}},
      {"\uA7CC", {48}, {1}, {1}},
      {"\u2764\uFE0F \u2764", {57, 57}, {57, 58, 57}, {57, 57}},
      {"x\uFFFDx", {34, 35}, {34, 35}, {1}},
      {"a\u0489a", {22, 54, 23}, {22, 54, 23}, {22, 54, 23}},
      {"[SEP][CLS][PAD][UNK]", {3, 2, 0, 1}, {3, 2, 0, 1}, {3, 2, 0, 1}},
      {"\u0D3Ba \uE000a", {1, 22}, {1, 22}, {1, 1}},
      {"\u304C\u304B", {1}, {1}, {1}},
      {"\U0001D15F x", {1, 34}, {42, 34}, {1, 34}},
      {"x\U000E0041x", {34, 35}, {34, 35}, {1}},
  };
}

TEST(WordPiece, GivesTheIdsOfHuggingFace) {
  const auto lower = WordPiece::from_vocabulary(kVocabulary);
  const auto cased = WordPiece::from_vocabulary(kVocabulary, {.lower_case = false});
  const auto raw = WordPiece::from_vocabulary(
      kVocabulary,
      {.lower_case = false, .strip_accents = true, .clean_text = false, .chinese_chars = false});
  for (const Golden& expected : golden()) {
    EXPECT_EQ(lower.encode(expected.text), expected.lower) << expected.text;
    EXPECT_EQ(cased.encode(expected.text), expected.cased) << expected.text;
    EXPECT_EQ(raw.encode(expected.text), expected.raw) << expected.text;
  }
}

TEST(WordPiece, SplitsAWordOfJustTheLimit) {
  const auto cased = WordPiece::from_vocabulary(kVocabulary, {.lower_case = false});
  EXPECT_EQ(cased.encode(std::string(100, 'a')).size(), 100u);
  EXPECT_THAT(cased.encode(std::string(101, 'a')), ElementsAre(1));
  // Characters count, not bytes, and after stripping accents.
  const auto lower = WordPiece::from_vocabulary(kVocabulary);
  EXPECT_EQ(lower.encode(repeat("e\u0301", 100)).size(), 100u);
  const auto two = WordPiece::from_vocabulary(kVocabulary, {.max_word_characters = 2});
  EXPECT_THAT(two.encode("aa aaa"), ElementsAre(22, 23, 1));
}

TEST(WordPiece, TruncatesSequences) {
  const auto lower = WordPiece::from_vocabulary(kVocabulary);
  EXPECT_THAT(lower.encode_sequence("the cats the cats", 4), ElementsAre(2, 5, 6, 3));
  EXPECT_THAT(lower.encode_sequence("the cats", 512), ElementsAre(2, 5, 6, 7, 3));
  EXPECT_THAT(lower.encode_sequence("the cats", 2), ElementsAre(2, 3));
  EXPECT_THAT(lower.encode_sequence("", 2), ElementsAre(2, 3));
  EXPECT_THROW(lower.encode_sequence("the", 1), Error);
  EXPECT_THROW(lower.encode_sequence("the", -5), Error);
}

// How many tokens of each text are left, from tokenizers 0.23.3.
TEST(WordPiece, TruncatesTheLongerOfAPairFirst) {
  const auto lower = WordPiece::from_vocabulary(kVocabulary);
  const std::string nine = "the cats the cats the cats", three = "x y x";
  struct Kept {
    std::int64_t max_length;
    int nine_three[2], three_nine[2], nine_nine[2];
  };
  const Kept cases[] = {
      {3, {0, 0}, {0, 0}, {0, 0}},  {4, {1, 0}, {0, 1}, {0, 1}},  {5, {1, 1}, {1, 1}, {1, 1}},
      {6, {2, 1}, {1, 2}, {1, 2}},  {7, {2, 2}, {2, 2}, {2, 2}},  {8, {3, 2}, {2, 3}, {2, 3}},
      {9, {3, 3}, {3, 3}, {3, 3}},  {10, {4, 3}, {3, 4}, {3, 4}}, {11, {5, 3}, {3, 5}, {4, 4}},
      {12, {6, 3}, {3, 6}, {4, 5}}, {13, {7, 3}, {3, 7}, {5, 5}}, {20, {9, 3}, {3, 9}, {8, 9}}};
  const auto expect_kept = [&](const std::string& a, const std::string& b, std::int64_t max_length,
                               const int(&kept)[2]) {
    const auto [ids, types] = lower.encode_pair(a, b, max_length);
    Ids expected(kept[0] + 2, 0);
    expected.resize(kept[0] + kept[1] + 3, 1);
    EXPECT_EQ(types, expected) << max_length;
    EXPECT_EQ(ids.size(), types.size());
  };
  for (const Kept& kept : cases) {
    expect_kept(nine, three, kept.max_length, kept.nine_three);
    expect_kept(three, nine, kept.max_length, kept.three_nine);
    expect_kept(nine, nine, kept.max_length, kept.nine_nine);
  }
  EXPECT_THAT(lower.encode_pair(nine, three, 7).first, ElementsAre(2, 5, 6, 3, 34, 36, 3));
  EXPECT_THROW(lower.encode_pair(nine, three, 2), Error);
}

TEST(WordPiece, TakesBrokenUtf8ForReplacementCharacters) {
  const auto lower = WordPiece::from_vocabulary(kVocabulary);
  EXPECT_THAT(lower.encode("x\xFFx"), ElementsAre(34, 35));  // cleaned away
  EXPECT_THAT(lower.encode("x\xE6\x9D[MASK]\xE6"), ElementsAre(34, 4));
  EXPECT_THAT(lower.encode("\xC0\x80x \xED\xA0\x80x \xF5x"), ElementsAre(34, 34, 34));
  const auto raw = WordPiece::from_vocabulary(kVocabulary, {.clean_text = false});
  EXPECT_THAT(raw.encode("\xFF"), ElementsAre(50));
  EXPECT_THAT(raw.encode(std::string_view("\0", 1)), ElementsAre(49));
}

TEST(WordPiece, NamesTokensAndSpecialOnes) {
  const auto lower = WordPiece::from_vocabulary(kVocabulary);
  EXPECT_EQ(lower.size(), static_cast<std::int64_t>(kVocabulary.size()));
  EXPECT_THAT((Ids{*lower.pad(), lower.unk(), *lower.mask()}), ElementsAre(0, 1, 4));
  EXPECT_THAT(lower.marks(), ElementsAre(2, 3));
  EXPECT_TRUE(lower.is_special(4));
  EXPECT_FALSE(lower.is_special(5));
  EXPECT_FALSE(lower.is_special(-1));
  EXPECT_FALSE(lower.is_special(lower.size()));
  EXPECT_EQ(lower.token(7), "##s");
  EXPECT_THROW(lower.token(-1), Error);
  EXPECT_THROW(lower.token(lower.size()), Error);
}

TEST(WordPiece, TakesTheLastOfEqualTokens) {
  const auto doubled =
      WordPiece::from_vocabulary({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "", "a"});
  EXPECT_THAT(doubled.encode("a"), ElementsAre(7));
  EXPECT_EQ(doubled.token(5), "");
}

TEST(WordPiece, RefusesBadVocabularies) {
  const auto make = [](std::vector<std::string> tokens) {
    return [tokens] { WordPiece::from_vocabulary(tokens); };
  };
  EXPECT_THAT(make({}), ThrowsMessage<Error>(HasSubstr("is not among the 0 tokens")));
  EXPECT_THAT(make({"[PAD]", "[UNK]", "[SEP]", "[MASK]"}),
              ThrowsMessage<Error>(HasSubstr("[CLS]")));
  EXPECT_THAT(make({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "\xFF"}),
              ThrowsMessage<Error>(HasSubstr("token 5 is not valid UTF-8")));
}

}  // namespace
}  // namespace braid
