#include "braid/tasks/masked.h"

#include <gmock/gmock.h>

#include "braid/checkpoint/safetensors.h"
#include "braid/error.h"
#include "braid/tasks/ready_batches.h"
#include "braid/text/new_tokenizer.h"
#include "tests/checkpoint/temporary_folder.h"

namespace braid {
namespace {

std::unique_ptr<Tokenizer> letters() {
  std::vector<std::string> tokens = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
  for (char c = 'a'; c <= 'z'; ++c) {
    tokens.push_back(std::string(1, c));
    tokens.push_back("##" + std::string(1, c));
  }
  return word_piece_tokenizer(tokens);
}

std::vector<std::string> lines() {
  return std::vector<std::string>(200, "the quick brown fox jumps over the lazy dog");
}

TEST(MaskTextTest, MasksTheShareItSays) {
  const auto tokenizer = letters();
  MaskingOptions options;
  options.block = 32;
  const Examples text = mask_text(lines(), *tokenizer, options, "text");
  std::int64_t masked = 0, kept = 0, scored = 0, ordinary = 0;
  for (const TokenSequence& sequence : text.sequences) {
    ASSERT_EQ(sequence.ids.size(), sequence.labels.size());
    for (std::size_t i = 0; i < sequence.ids.size(); ++i) {
      const std::int64_t id = sequence.ids[i], label = sequence.labels[i];
      ordinary += label >= 0 || !tokenizer->is_special(id);
      if (label < 0) continue;
      EXPECT_FALSE(tokenizer->is_special(label));
      ++scored;
      masked += id == tokenizer->mask();
      kept += id == label;
    }
  }
  const auto share = [](std::int64_t part, std::int64_t whole) {
    return static_cast<double>(part) / static_cast<double>(whole);
  };
  EXPECT_EQ(ordinary, 200 * 35);
  EXPECT_NEAR(share(scored, ordinary), 0.15, 0.015);
  EXPECT_NEAR(share(masked, scored), 0.80, 0.04);
  EXPECT_NEAR(share(kept, scored), 0.10, 0.03);
}

TEST(MaskTextTest, TheSeedDecidesEverything) {
  const auto tokenizer = letters();
  MaskingOptions options;
  options.block = 32;
  const auto ids = [&](std::uint64_t seed) {
    options.seed = seed;
    return mask_text(lines(), *tokenizer, options, "text").sequences.front().ids;
  };
  EXPECT_EQ(ids(3), ids(3));
  EXPECT_NE(ids(3), ids(4));
}

TEST(TokenBlocksTest, CutTheStreamAndKeepEveryToken) {
  const auto tokenizer = letters();
  const auto blocks = marked_blocks(lines(), *tokenizer, 10);
  std::vector<std::int64_t> stream;
  for (const auto& block : blocks) {
    EXPECT_LE(block.size(), 10);
    EXPECT_EQ(tokenizer->token(block.ids.front()), "[CLS]");
    EXPECT_EQ(tokenizer->token(block.ids.back()), "[SEP]");
    stream.insert(stream.end(), block.ids.begin() + 1, block.ids.end() - 1);
  }
  std::vector<std::int64_t> expected;
  for (const std::string& line : lines()) {
    for (const std::int64_t id : tokenizer->encode(line)) expected.push_back(id);
  }
  EXPECT_EQ(stream, expected);
}

TEST(TokenBlocksTest, CharacterSpacingMakesEveryLetterAWord) {
  const auto tokenizer = letters();
  const auto blocks = marked_blocks({"ab cé"}, *tokenizer, 10, true);
  ASSERT_EQ(blocks.size(), 1u);
  std::vector<std::string> tokens;
  for (const std::int64_t id : blocks[0].ids) tokens.push_back(tokenizer->token(id));
  EXPECT_THAT(tokens, ::testing::ElementsAre("[CLS]", "a", "b", "c", "e", "[SEP]"));
}

TEST(MaskTextTest, SaysWhyThereIsNothingToScore) {
  const auto tokenizer = letters();
  EXPECT_THAT(error_of([&] { mask_text({"   "}, *tokenizer, {}, "empty.txt"); }),
              ::testing::HasSubstr("empty.txt"));
  EXPECT_THAT(error_of([&] { mask_text({"[MASK] [SEP]"}, *tokenizer, {}, "special.txt"); }),
              ::testing::HasSubstr("no token was masked"));
  MaskingOptions options;
  options.block = 2;
  EXPECT_NE(error_of([&] { mask_text({"a"}, *tokenizer, options, "t"); }), "");
  options = {};
  options.probability = 0;
  EXPECT_NE(error_of([&] { mask_text({"a"}, *tokenizer, options, "t"); }), "");
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
  TaskInput input;
  input.batches = (folder / "b").string();
  input.masking.batch_size = 2;
  const Examples text = masked_task().load_batches(input);
  EXPECT_EQ(text.batches, (Batches{{0, 1}, {2}}));
  EXPECT_EQ(text.width, 4);
  EXPECT_EQ(text.tokens(), 11);
  EXPECT_THAT(text.sequences[1].labels, ::testing::ElementsAre(-100, -100, 5, -100));
  EXPECT_THAT(text.sequences[2].ids, ::testing::ElementsAre(8, 9, 10));
  // Run as the file has them: the third is padded to the file's width, the others need no mask.
  const auto batch = [&](std::size_t i) {
    return make_batch({text.sequences[i]}, Predicts::token, text.width);
  };
  EXPECT_FALSE(batch(1).batch.attention_mask.defined());
  EXPECT_EQ(batch(1).places.item<std::int64_t>(), 2);
  EXPECT_EQ(batch(1).expected.item<std::int64_t>(), 5);
  EXPECT_EQ(batch(2).batch.input_ids.size(1), 4);
  EXPECT_FALSE(batch(2).batch.attention_mask[0][3].item<bool>());
}

TEST_F(BatchesFileTest, TokensKeepTheirPlacesAndTypes) {
  const at::Tensor ids = at::arange(8).reshape({2, 4});
  const at::Tensor mask = at::tensor({0, 1, 0, 1, 1, 1, 0, 0}).reshape({2, 4});
  const at::Tensor labels = ids.masked_fill(mask == 0, -100);
  write_safetensors(folder / "b",
                    {{"input_ids", ids},
                     {"labels", labels},
                     {"attention_mask", mask},
                     {"token_type_ids", at::tensor({0, 1, 1, 0, 0, 1, 1, 1}).reshape({2, 4})}});
  const ReadyBatches ready = read_batches(folder / "b", Labels::own);
  EXPECT_THAT(ready.sequences[0].ids, ::testing::ElementsAre(1, 3));
  EXPECT_THAT(ready.sequences[0].types, ::testing::ElementsAre(1, 0));
  EXPECT_THAT(ready.sequences[0].positions, ::testing::ElementsAre(1, 3));
  EXPECT_TRUE(ready.sequences[1].positions.empty());
  const Batch batch = pad(ready.sequences, 3);
  EXPECT_TRUE(
      at::equal(batch.position_ids, at::tensor({1, 3, 0, 0, 1, 0}, at::kLong).reshape({2, 3})));
  EXPECT_TRUE(
      at::equal(batch.token_type_ids, at::tensor({1, 0, 0, 0, 1, 0}, at::kLong).reshape({2, 3})));
}

TEST_F(BatchesFileTest, WhereNothingIsScoredLabelsAreNotRead) {
  const at::Tensor ids = at::arange(4).reshape({1, 4});
  const at::Tensor mask = at::tensor({0, 1, 1, 0}).reshape({1, 4});
  for (const Tensors& labels : {Tensors{}, Tensors{{"labels", ids}}}) {
    Tensors tensors = labels;
    tensors["input_ids"] = ids;
    tensors["attention_mask"] = mask;
    write_safetensors(folder / "b", tensors);
    const ReadyBatches ready = read_batches(folder / "b", Labels::unread);
    EXPECT_THAT(ready.sequences.at(0).ids, ::testing::ElementsAre(1, 2));
    EXPECT_THAT(ready.sequences.at(0).labels, ::testing::ElementsAre(-100, -100));
  }
}

TEST_F(BatchesFileTest, RefusesWhatDoesNotFit) {
  const at::Tensor ids = at::arange(12).reshape({3, 4});
  const auto message = [&](const Tensors& tensors) {
    write_safetensors(folder / "b", tensors);
    TaskInput input;
    input.batches = (folder / "b").string();
    return error_of([&] { masked_task().load_batches(input); });
  };
  EXPECT_THAT(message({{"input_ids", ids}}), ::testing::HasSubstr("'labels'"));
  EXPECT_THAT(message({{"input_ids", ids}, {"labels", at::zeros({3, 4})}}),
              ::testing::HasSubstr("integers"));
  EXPECT_THAT(message({{"input_ids", ids}, {"labels", ids.narrow(0, 0, 2)}}),
              ::testing::HasSubstr("labels is [2, 4]"));
  EXPECT_THAT(message({{"input_ids", ids}, {"labels", at::full({3, 4}, -100, at::kLong)}}),
              ::testing::HasSubstr("nothing to score"));
  at::Tensor mask = at::ones({3, 4}, at::kLong);
  mask[1][0] = 0;
  EXPECT_THAT(message({{"input_ids", ids}, {"labels", ids}, {"attention_mask", mask}}),
              ::testing::HasSubstr("row 1: attention_mask is 0 at position 0"));
  mask[1] = at::tensor({1, 1, 1, 0});
  EXPECT_THAT(message({{"input_ids", ids}, {"labels", ids}, {"attention_mask", mask}}),
              ::testing::HasSubstr("row 1: attention_mask is 0 at position 3"));
  EXPECT_THAT(message({{"input_ids", ids}, {"labels", ids}, {"attention_mask", mask + 1}}),
              ::testing::HasSubstr("other than 0 and 1"));
  EXPECT_THAT(message({{"input_ids", ids}, {"labels", ids}, {"attention_mask", mask * 0}}),
              ::testing::HasSubstr("attention_mask is 0 at"));
  EXPECT_THAT(message({{"input_ids", ids},
                       {"labels", at::full({3, 4}, -100, at::kLong)},
                       {"attention_mask", mask * 0}}),
              ::testing::HasSubstr("attention_mask is 0 for all tokens"));
  EXPECT_THAT(message({{"input_ids", ids}, {"labels", ids - 1}}),
              ::testing::HasSubstr("labels has -1"));
  EXPECT_THAT(message({{"input_ids", ids}, {"labels", ids}, {"decoder_input_ids", ids}}),
              ::testing::HasSubstr("'decoder_input_ids' is unknown"));
}

TEST(TokenizerRolesTest, WhatIsMissingIsSaid) {
  const auto tokenizer = letters();
  EXPECT_THAT(tokenizer->marks(), ::testing::ElementsAre(2, 3));
  EXPECT_EQ(tokenizer->mask_needed(), 4);
  EXPECT_EQ(tokenizer->end_of_text(), std::nullopt);
  EXPECT_THAT(error_of([&] { tokenizer->restricted_to("abc"); }),
              ::testing::HasSubstr("cannot be restricted"));
}

}  // namespace
}  // namespace braid
