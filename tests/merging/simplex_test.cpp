#include "braid/merging/simplex.h"

#include <gtest/gtest.h>

namespace braid {
namespace {

// A loss of known shape: the square of the distance from the origin.
TEST(SimplexTest, FollowsEveryPathEndsIncluded) {
  const auto point = [](double x, double y) { return Tensors{{"p", at::tensor({x, y})}}; };
  const auto loss = [](const Tensors& p) { return p.at("p").square().sum().item<double>(); };
  const auto paths = trace_simplex({point(2, 0), point(-2, 0), point(0, 4)}, loss, 5);
  ASSERT_EQ(paths.size(), 6);  // three pairs, three ways to the centroid
  EXPECT_EQ(paths[0].to, 1);
  EXPECT_EQ(paths[0].loss, (std::vector<double>{4, 1, 0, 1, 4}));
  EXPECT_EQ(paths[0].barrier(), 0);
  const SimplexPath& middle = paths[2];  // from the first model
  EXPECT_EQ(middle.to, 3);
  EXPECT_NEAR(middle.loss.back(), 16.0 / 9, 1e-12);
  EXPECT_NEAR(middle.barrier(), 4 - (4 + 16.0 / 9) / 2, 1e-12);
}

}  // namespace
}  // namespace braid
