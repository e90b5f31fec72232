#include "braid/alignment/moments.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "braid/alignment/observe.h"
#include "braid/checkpoint/safetensors.h"
#include "braid/error.h"
#include "tests/checkpoint/temporary_folder.h"

namespace braid {
namespace {

Moments stream(const at::Tensor& a, const at::Tensor& b, std::int64_t chunk) {
  MomentsStream moments(a.size(1), b.size(1));
  for (std::int64_t begin = 0; begin < a.size(0); begin += chunk) {
    const std::int64_t rows = std::min(chunk, a.size(0) - begin);
    at::Tensor x = a.narrow(0, begin, rows).clone(), y = b.narrow(0, begin, rows).clone();
    moments.add_sums(x, y);
    moments.add_cross(x, y, 0, 3);
    moments.add_cross(x, y, 3, a.size(1));
  }
  return std::move(moments).finish();
}

struct Features {
  at::Tensor a, b;
  Features() {
    at::manual_seed(1);
    a = at::randn({500, 7}, at::kDouble) * 3 + 40;  // far from zero
    b = at::matmul(a, at::randn({7, 7}, at::kDouble)) + at::randn({500, 7}, at::kDouble);
  }
};

TEST(MomentsTest, CorrelationEqualsTheDefinition) {
  const Features f;
  const at::Tensor both = at::corrcoef(at::cat({f.a, f.b}, 1).t());
  const at::Tensor expected = both.narrow(0, 0, 7).narrow(1, 7, 7);
  EXPECT_LT((correlation(stream(f.a, f.b, 64)) - expected).abs().max().item<double>(), 1e-12);
}

TEST(MomentsTest, SinglePrecisionFeaturesLoseNothingToTheirMean) {
  const Features f;
  const at::Tensor exact = correlation(stream(f.a, f.b, 64));
  const at::Tensor single = correlation(stream(f.a.to(at::kFloat), f.b.to(at::kFloat), 64));
  EXPECT_LT((exact - single).abs().max().item<double>(), 2e-6);
}

// Odd numbers of tokens, units that fill no tile, slices with a stride: the vectorised products.
TEST(MomentsTest, BrainFloatProductsAreExact) {
  at::manual_seed(2);
  const at::Tensor a = (at::randn({501, 75}) + 2).to(at::kBFloat16);
  const at::Tensor b = (at::randn({501, 103}) + a.narrow(1, 0, 1)).to(at::kBFloat16);
  for (const std::int64_t chunk : {501, 100, 37, 1}) {
    const Moments found = stream(a, b, chunk);
    const Moments exact = stream(a.to(at::kDouble), b.to(at::kDouble), chunk);
    const double scale = exact.cross.abs().max().item<double>();
    EXPECT_LT((found.cross - exact.cross).abs().max().item<double>(), 1e-5 * scale) << chunk;
    EXPECT_LT((correlation(found) - correlation(exact)).abs().max().item<double>(), 1e-5) << chunk;
  }
}

TEST(MomentsTest, PartsAddUpToTheWhole) {
  const Features f;
  const Moments whole = stream(f.a, f.b, 500);
  Moments sum;
  sum.add(stream(f.a.narrow(0, 0, 123), f.b.narrow(0, 0, 123), 50));
  sum.add(stream(f.a.narrow(0, 123, 377), f.b.narrow(0, 123, 377), 50));
  EXPECT_EQ(sum.tokens, 500);
  for (const auto member : {&Moments::mean_a, &Moments::square_b, &Moments::cross}) {
    const double scale = (whole.*member).abs().max().item<double>();
    EXPECT_LT((sum.*member - whole.*member).abs().max().item<double>(), 1e-12 * scale);
  }
}

TEST(MomentsTest, DeadUnitsCorrelateWithNothing) {
  Features f;
  f.a.select(1, 2).fill_(5);
  f.b.select(1, 4).fill_(0);
  const at::Tensor rho = correlation(stream(f.a, f.b, 64));
  EXPECT_EQ(rho[2].abs().max().item<double>(), 0);
  EXPECT_EQ(rho.select(1, 4).abs().max().item<double>(), 0);
}

TEST(MomentsTest, DifferentUnitsAreRefused) {
  const Features f;
  Moments moments = stream(f.a, f.b, 64);
  EXPECT_THROW(moments.add(stream(f.a.narrow(1, 0, 5), f.b, 64)), Error);
}

class MomentsFileTest : public TemporaryFolder {};

TEST_F(MomentsFileTest, ReadsWhatItWrote) {
  const Features f;
  const MomentsByTap moments = {{"layer.0.ffn", stream(f.a, f.b, 64)}};
  save_moments(folder / "m", moments, {{"text", "kjv"}});
  const SavedMoments saved = load_moments(folder / "m");
  EXPECT_EQ(saved.provenance["text"], "kjv");
  EXPECT_EQ(saved.moments.at("layer.0.ffn").tokens, 500);
  EXPECT_TRUE(at::equal(saved.moments.at("layer.0.ffn").cross, moments.at("layer.0.ffn").cross));
}

TEST_F(MomentsFileTest, RefusesOtherFiles) {
  write_safetensors(folder / "weights", {{"w", at::zeros({2, 2})}});
  EXPECT_THAT(error_of([&] { load_moments(folder / "weights"); }),
              ::testing::HasSubstr("unusable moments"));
}

}  // namespace
}  // namespace braid
