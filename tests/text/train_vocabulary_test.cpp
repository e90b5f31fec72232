#include "braid/text/train_vocabulary.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "braid/error.h"
#include "braid/text/wordpiece.h"

namespace braid {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::ThrowsMessage;

// The words of Hugging Face's course; its WordPieceTrainer merges the same in this order.
TEST(TrainVocabulary, MergesTheMostFrequentPairFirst) {
  std::vector<std::string> lines(10, "hug");
  lines.insert(lines.end(), 5, "pug");
  lines.insert(lines.end(), 12, "pun");
  lines.insert(lines.end(), 4, "bun");
  lines.insert(lines.end(), 5, "hugs");
  EXPECT_THAT(
      train_word_pieces(lines, 100, {.least_frequency = 5, .most_letters = 10}),
      ElementsAre("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "b", "g", "h", "n", "p", "s", "u",
                  "##g", "##n", "##s", "##u", "##ug", "##un", "hug", "pun", "pug", "hugs"));
}

TEST(TrainVocabulary, NormalisesAndStopsAtTheSize) {
  const std::vector<std::string> lines = {"\u00C9t\u00E9, \u00E9t\u00E9!", "ETE"};
  const auto tokens = train_word_pieces(lines, 11);
  EXPECT_THAT(tokens, ElementsAre("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "!", ",", "e", "t",
                                  "##e", "##t"));
  EXPECT_EQ(train_word_pieces(lines, 12).back(), "et");
  EXPECT_EQ(train_word_pieces(lines, 1000).size(), 13u);  // no more pairs
  EXPECT_THAT([&] { train_word_pieces(lines, 10); },
              ThrowsMessage<Error>(HasSubstr("a vocabulary of 10 is too small")));
  EXPECT_THAT([&] { train_word_pieces({}, -1); }, ThrowsMessage<Error>(HasSubstr("too small")));
  EXPECT_EQ(train_word_pieces({}, 5).size(), 5u);
}

TEST(TrainVocabulary, KeepsTheMostFrequentLetters) {
  const std::vector<std::string> lines = {"aab", "aab", "c"};
  const auto tokens = train_word_pieces(lines, 100, {.least_frequency = 2, .most_letters = 2});
  EXPECT_EQ(std::count(tokens.begin(), tokens.end(), "c"), 0);
  EXPECT_EQ(tokens.back(), "aab");
}

// What the pieces are for: every word of the text can be encoded, each once, without [UNK].
TEST(TrainVocabulary, CoversItsText) {
  std::vector<std::string> lines;
  std::uint32_t state = 1;
  for (int i = 0; i < 2000; ++i) {
    std::string line;
    for (int k = 0; k < 40; ++k) {
      state = state * 1664525u + 1013904223u;
      line += "aabcde  -"[state >> 24 & 7];
    }
    lines.push_back(line);
  }
  const auto tokens = train_word_pieces(lines, 500);
  EXPECT_EQ(tokens.size(), 500u);
  EXPECT_EQ(std::set<std::string>(tokens.begin(), tokens.end()).size(), tokens.size());
  EXPECT_THAT(train_word_pieces(lines, 500), ElementsAreArray(tokens));
  const auto tokenizer = WordPiece::from_vocabulary(tokens);
  for (const std::string& line : lines) {
    const auto ids = tokenizer.encode(line);
    EXPECT_EQ(std::count(ids.begin(), ids.end(), tokenizer.unk()), 0);
    std::string joined, expected = line;
    for (const std::int64_t id : ids) {
      const std::string& token = tokenizer.token(id);
      joined += token.starts_with("##") ? token.substr(2) : token;
    }
    std::erase(expected, ' ');
    EXPECT_EQ(joined, expected);
  }
}

}  // namespace
}  // namespace braid
