#include "braid/tasks/causal.h"

#include <gmock/gmock.h>

#include "braid/checkpoint/safetensors.h"
#include "braid/error.h"
#include "braid/tasks/ready_batches.h"
#include "tests/checkpoint/temporary_folder.h"
#include "tests/tasks/letters.h"

namespace braid {
namespace {

using ::testing::ElementsAre;

TEST(NextTokenBlocksTest, PredictEveryTokenButTheFirstOnce) {
  const auto blocks = next_token_blocks({1, 2, 3, 4, 5, 6, 7, 8}, 3);
  ASSERT_EQ(blocks.size(), 3);
  EXPECT_THAT(blocks[0].ids, ElementsAre(1, 2, 3));
  EXPECT_THAT(blocks[0].labels, ElementsAre(2, 3, 4));
  EXPECT_THAT(blocks[1].labels, ElementsAre(5, 6, 7));
  EXPECT_THAT(blocks[2].ids, ElementsAre(7, 8));
  EXPECT_THAT(blocks[2].labels, ElementsAre(8, -100));
  EXPECT_TRUE(next_token_blocks({1}, 3).empty());
  EXPECT_EQ(next_token_blocks({1, 2, 3, 4}, 3).size(), 1);
}

TEST(NextTokenBlocksTest, BeginWithTheMarksWhichAreNotPredicted) {
  const auto blocks = next_token_blocks({1, 2, 3, 4, 5}, 3, {9});
  ASSERT_EQ(blocks.size(), 2);
  EXPECT_THAT(blocks[0].ids, ElementsAre(9, 1, 2));
  EXPECT_THAT(blocks[0].labels, ElementsAre(-100, 2, 3));
  EXPECT_THAT(blocks[1].ids, ElementsAre(9, 3, 4));
  EXPECT_THAT(blocks[1].labels, ElementsAre(-100, 4, 5));
  EXPECT_THAT(error_of([] {
                next_token_blocks({1, 2}, 1, {9});
              }),
              ::testing::HasSubstr("no room for text; use at least 2"));
}

class CausalBatchesTest : public TemporaryFolder {
 protected:
  ReadyBatches read(const at::Tensor& labels, const at::Tensor& mask) const {
    const at::Tensor ids = at::arange(labels.numel()).reshape(labels.sizes());
    write_safetensors(folder / "b",
                      {{"input_ids", ids}, {"labels", labels}, {"attention_mask", mask}});
    return read_batches(folder / "b", Labels::next);
  }
};

TEST_F(CausalBatchesTest, LabelsStandWhereTheyArePredicted) {
  const at::Tensor all = at::ones({1, 3}, at::kLong);
  EXPECT_THAT(read(at::tensor({-100, 5, 6}).reshape({1, 3}), all).sequences.at(0).labels,
              ElementsAre(5, 6, -100));
  EXPECT_THAT(
      read(at::tensor({7}).reshape({1, 1}), at::ones({1, 1}, at::kLong)).sequences.at(0).labels,
      ElementsAre(-100));
  // Padding that is scored after a token, as Hugging Face does.
  EXPECT_THAT(read(at::tensor({4, 5, 6}).reshape({1, 3}), at::tensor({1, 1, 0}).reshape({1, 3}))
                  .sequences.at(0)
                  .labels,
              ElementsAre(5, 6));
}

TEST_F(CausalBatchesTest, PaddingOnTheLeft) {
  const TokenSequence row =
      read(at::tensor({-100, -100, 5, 6}).reshape({1, 4}), at::tensor({0, 1, 1, 1}).reshape({1, 4}))
          .sequences.at(0);
  EXPECT_THAT(row.positions, ElementsAre(1, 2, 3));
  EXPECT_THAT(row.labels, ElementsAre(5, 6, -100));
  EXPECT_THAT(
      error_of([&] {
        read(at::tensor({-100, 4, 5}).reshape({1, 3}), at::tensor({0, 1, 1}).reshape({1, 3}));
      }),
      ::testing::HasSubstr("row 0: attention_mask is 0 at position 0"));
}

class CausalTextTest : public TemporaryFolder {};

TEST_F(CausalTextTest, TheLastTokenIsNoInput) {
  const Letters tokenizer;
  const Examples text = causal_text(write("t", "abcdefgh"), tokenizer, 3, 2);
  ASSERT_EQ(text.size(), 3);
  EXPECT_THAT(text.sequences[2].ids, ElementsAre('g'));
  EXPECT_THAT(text.sequences[2].labels, ElementsAre('h'));
  EXPECT_EQ(text.width, 3);
  EXPECT_EQ(text.batches, (Batches{{0, 1}, {2}}));
  EXPECT_EQ(causal_text(write("t", "abcdefg"), tokenizer, 3, 2).size(), 2);
  EXPECT_THAT(error_of([&] { causal_text(write("t", "a"), tokenizer, 3, 2); }),
              ::testing::HasSubstr("fewer than two tokens"));
}

TEST_F(CausalTextTest, IsTrainedOnInWholeBlocksAndAlignedOnInAllOfIt) {
  const Letters tokenizer;
  const auto file = write("t", "abcdefgh");
  EXPECT_EQ(causal_task().training_blocks(file, tokenizer, 3).size(), 2);
  EXPECT_THAT(error_of([&] { causal_task().training_blocks(file, tokenizer, 8); }),
              ::testing::HasSubstr("shorter than one block of 8"));
  const auto stream = block_sequences(file, tokenizer, 3, 0);
  std::vector<std::int64_t> read;
  while (const auto block = stream->next()) {
    read.insert(read.end(), block->ids.begin(), block->ids.end());
  }
  EXPECT_EQ(std::string(read.begin(), read.end()), "abcdefgh");
  EXPECT_EQ(stream->done(), stream->total());
  EXPECT_EQ(block_sequences(file, tokenizer, 3, 1)->total(), 1);
}

TEST_F(CausalTextTest, OfATokenizerWithMarks) {
  const auto file = write("t", "abcde");
  const Examples text = causal_text(file, Letters({{'<'}, {}, {}}), 3, 2);
  ASSERT_EQ(text.size(), 2);
  EXPECT_THAT(text.sequences[1].ids, ElementsAre('<', 'c', 'd'));
  EXPECT_EQ(causal_task().training_blocks(file, Letters({{'<'}, {}, {}}), 3).size(), 2);
  EXPECT_THAT(error_of([&] {
                causal_text(file, Letters({{}, {'>'}, {}}), 3, 2);
              }),
              ::testing::HasSubstr("this letters tokenizer ends sequences with letter"));
}

}  // namespace
}  // namespace braid
