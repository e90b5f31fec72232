#include "braid/tasks/masked_text.h"

#include <gmock/gmock.h>

#include "braid/checkpoint/safetensors.h"
#include "braid/error.h"
#include "tests/checkpoint/temporary_folder.h"

namespace braid {
namespace {

WordPiece letters() {
  std::vector<std::string> tokens = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
  for (char c = 'a'; c <= 'z'; ++c) {
    tokens.push_back(std::string(1, c));
    tokens.push_back("##" + std::string(1, c));
  }
  return WordPiece::from_vocabulary(tokens);
}

std::vector<std::string> lines() {
  return std::vector<std::string>(200, "the quick brown fox jumps over the lazy dog");
}

TEST(MaskTextTest, MasksTheShareItSays) {
  const WordPiece tokenizer = letters();
  MaskingOptions options;
  options.block = 32;
  const TokenText text = mask_text(lines(), tokenizer, options, "text");
  std::int64_t masked = 0, kept = 0, scored = 0, ordinary = 0;
  for (const auto& [batch, labels] : text.batches) {
    for (std::int64_t i = 0; i < batch.input_ids.numel(); ++i) {
      const std::int64_t id = batch.input_ids.data_ptr<std::int64_t>()[i];
      const std::int64_t label = labels.data_ptr<std::int64_t>()[i];
      ordinary += label >= 0 || !tokenizer.is_special(id);
      if (label < 0) continue;
      EXPECT_FALSE(tokenizer.is_special(label));
      ++scored;
      masked += id == tokenizer.mask();
      kept += id == label;
    }
  }
  EXPECT_EQ(scored, text.scored_tokens);
  const auto share = [](std::int64_t part, std::int64_t whole) {
    return static_cast<double>(part) / static_cast<double>(whole);
  };
  EXPECT_EQ(ordinary, 200 * 35);
  EXPECT_NEAR(share(scored, ordinary), 0.15, 0.015);
  EXPECT_NEAR(share(masked, scored), 0.80, 0.04);
  EXPECT_NEAR(share(kept, scored), 0.10, 0.03);
}

TEST(MaskTextTest, TheSeedDecidesEverything) {
  const WordPiece tokenizer = letters();
  MaskingOptions options;
  options.block = 32;
  const auto ids = [&](std::uint64_t seed) {
    options.seed = seed;
    return mask_text(lines(), tokenizer, options, "text").batches.front().batch.input_ids;
  };
  EXPECT_TRUE(at::equal(ids(3), ids(3)));
  EXPECT_FALSE(at::equal(ids(3), ids(4)));
}

TEST(TokenBlocksTest, CutTheStreamAndKeepEveryToken) {
  const WordPiece tokenizer = letters();
  const auto blocks = token_blocks(lines(), tokenizer, 10, false);
  std::vector<std::int64_t> stream;
  for (const auto& block : blocks) {
    EXPECT_LE(block.size(), 10u);
    EXPECT_EQ(block.front(), tokenizer.cls());
    EXPECT_EQ(block.back(), tokenizer.sep());
    stream.insert(stream.end(), block.begin() + 1, block.end() - 1);
  }
  std::vector<std::int64_t> expected;
  for (const std::string& line : lines()) {
    for (const std::int64_t id : tokenizer.encode(line)) expected.push_back(id);
  }
  EXPECT_EQ(stream, expected);
}

TEST(TokenBlocksTest, CharacterSpacingMakesEveryLetterAWord) {
  const WordPiece tokenizer = letters();
  const auto blocks = token_blocks({"ab cé"}, tokenizer, 10, true);
  ASSERT_EQ(blocks.size(), 1u);
  std::vector<std::string> tokens;
  for (const std::int64_t id : blocks[0]) tokens.push_back(tokenizer.token(id));
  EXPECT_THAT(tokens, ::testing::ElementsAre("[CLS]", "a", "b", "c", "e", "[SEP]"));
}

TEST(MaskTextTest, SaysWhyThereIsNothingToScore) {
  const WordPiece tokenizer = letters();
  EXPECT_THAT(error_of([&] { mask_text({"   "}, tokenizer, {}, "empty.txt"); }),
              ::testing::HasSubstr("empty.txt"));
  EXPECT_THAT(error_of([&] { mask_text({"[MASK] [SEP]"}, tokenizer, {}, "special.txt"); }),
              ::testing::HasSubstr("no token was masked"));
  MaskingOptions options;
  options.block = 2;
  EXPECT_NE(error_of([&] { mask_text({"a"}, tokenizer, options, "t"); }), "");
  options = {};
  options.probability = 0;
  EXPECT_NE(error_of([&] { mask_text({"a"}, tokenizer, options, "t"); }), "");
}

class BatchesFileTest : public TemporaryFolder {};

TEST_F(BatchesFileTest, ReadsIdsLabelsAndMask) {
  const at::Tensor ids = at::arange(12).reshape({3, 4});
  at::Tensor labels = at::full({3, 4}, -100, at::kLong);
  labels[1][2] = 5;
  at::Tensor mask = at::ones({3, 4}, at::kLong);
  mask[2][3] = 0;
  write_safetensors(folder / "b",
                    {{"input_ids", ids}, {"labels", labels}, {"attention_mask", mask}});
  const TokenText text = load_token_text(folder / "b", 2);
  EXPECT_EQ(text.batches.size(), 2u);
  EXPECT_EQ(text.scored_tokens, 1);
  EXPECT_EQ(text.tokens, 11);
  EXPECT_FALSE(text.batches[0].batch.attention_mask.defined());
  EXPECT_TRUE(text.batches[1].batch.attention_mask.defined());
}

TEST_F(BatchesFileTest, RefusesWhatDoesNotFit) {
  const at::Tensor ids = at::arange(12).reshape({3, 4});
  const auto message = [&](const Tensors& tensors) {
    write_safetensors(folder / "b", tensors);
    return error_of([&] { load_token_text(folder / "b", 2); });
  };
  EXPECT_THAT(message({{"input_ids", ids}}), ::testing::HasSubstr("'labels'"));
  EXPECT_THAT(message({{"input_ids", ids}, {"labels", at::zeros({3, 4})}}),
              ::testing::HasSubstr("integers"));
  EXPECT_THAT(message({{"input_ids", ids}, {"labels", ids.narrow(0, 0, 2)}}),
              ::testing::HasSubstr("labels [2, 4]"));
  EXPECT_THAT(message({{"input_ids", ids}, {"labels", at::full({3, 4}, -100, at::kLong)}}),
              ::testing::HasSubstr("nothing to score"));
}

}  // namespace
}  // namespace braid
