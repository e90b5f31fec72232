#include "braid/tasks/causal_text.h"

#include <gmock/gmock.h>

namespace braid {
namespace {

TEST(OverlappingBlocksTest, PredictEveryTokenButTheFirstOnce) {
  const auto blocks = overlapping_blocks({1, 2, 3, 4, 5, 6, 7, 8}, 3);
  EXPECT_THAT(blocks, ::testing::ElementsAre(std::vector<std::int64_t>{1, 2, 3, 4},
                                             std::vector<std::int64_t>{4, 5, 6, 7},
                                             std::vector<std::int64_t>{7, 8}));
  EXPECT_TRUE(overlapping_blocks({1}, 3).empty());
  EXPECT_EQ(overlapping_blocks({1, 2, 3, 4}, 3).size(), 1);
}

TEST(NextTokenLabelsTest, StandWhereTheyArePredicted) {
  const at::Tensor labels = at::tensor({-100, 5, 6, -100, 7, 8}, at::kLong).view({2, 3});
  const at::Tensor expected = at::tensor({5, 6, -100, 7, 8, -100}, at::kLong).view({2, 3});
  EXPECT_TRUE(at::equal(next_token_labels(labels), expected));
}

}  // namespace
}  // namespace braid
