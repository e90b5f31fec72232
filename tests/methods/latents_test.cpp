// What is trained and what is settled are one function, wherever the latents are.
#include "braid/methods/latents.h"

#include <gmock/gmock.h>
#include <torch/csrc/autograd/autograd.h>

#include "braid/error.h"

namespace braid {
namespace {

Symmetries one_axis(std::int64_t units, Group group) {
  SymmetriesBuilder builder("toy", 1);
  builder.axis({"x", units, group, "residual", ""}).tensor("in", "x _3");
  return std::move(builder).build("");
}

at::Tensor map_of(const Transform& transform) {
  return std::get<Matrix>(transform.at("x").front()).forward;
}

double distance_from_orthogonal(const at::Tensor& map) {
  const at::Tensor wide = map.to(at::kDouble);
  return (at::mm(wide, wide.t()) - at::eye(map.size(0), at::kDouble)).abs().max().item<double>();
}

// Adam's first steps move every entry by the rate, in the worst case all together: a rank of one.
TEST(LatentsTest, AWideMapStaysOrthogonalAndIsWhatIsSettled) {
  constexpr std::int64_t units = 768, steps = 20;
  for (const Group group : {Group::orthogonal, Group::centred_orthogonal}) {
    const Symmetries symmetries = one_axis(units, group);
    const Latents latents(symmetries, {}, {.learn = {"residual"}});
    at::manual_seed(1);
    const at::Tensor rows = at::randn({units, 1}).sign(), columns = at::randn({1, units}).sign();
    Tensors values = latents.start();
    for (std::int64_t i = 0; i < steps; ++i)
      values.at("x") = values.at("x") + 1e-2 * rows * columns;
    const at::Tensor trained = map_of(latents.relaxed(values)),
                     settled = map_of(latents.settled(values));
    EXPECT_LT(distance_from_orthogonal(trained), 1e-4);
    EXPECT_LT((trained - settled).abs().max().item<double>(), 1e-4);
  }
}

TEST(LatentsTest, TheGradientIsTheDifferenceQuotient) {
  constexpr std::int64_t units = 5;
  for (const Group group : {Group::orthogonal, Group::centred_orthogonal}) {
    const Symmetries symmetries = one_axis(units, group);
    const Latents latents(symmetries, {}, {.learn = {"residual"}});
    at::manual_seed(2);
    const at::Tensor weights = at::randn({units, units}, at::kDouble);
    const auto loss = [&](const at::Tensor& latent) {
      return (map_of(latents.relaxed({{"x", latent}})) * weights).sum();
    };
    const at::Tensor at_point =
        latents.start().at("x").to(at::kDouble) + 0.8 * at::randn({1, units, units}, at::kDouble);
    at::Tensor leaf = at_point.clone().requires_grad_(true);
    const at::Tensor gradient = torch::autograd::grad({loss(leaf)}, {leaf}).front();
    for (std::int64_t i = 0; i < units * units; ++i) {
      constexpr double step = 1e-5;
      at::Tensor up = at_point.clone(), down = at_point.clone();
      up.view({-1})[i] += step;
      down.view({-1})[i] -= step;
      const double quotient = (loss(up) - loss(down)).item<double>() / (2 * step);
      EXPECT_NEAR(gradient.flatten()[i].item<double>(), quotient, 1e-5);
    }
  }
}

}  // namespace
}  // namespace braid
