// A pass computes what is asked for: heads, taps, positions; whatever its parameters are called.
#include "braid/networks/network.h"

#include <gmock/gmock.h>

#include "braid/error.h"
#include "braid/networks/encoder.h"
#include "braid/networks/pre_norm.h"
#include "tests/checkpoint/temporary_folder.h"

namespace braid {
namespace {

using ::testing::HasSubstr;

constexpr std::int64_t width = 12, vocabulary = 19, positions = 8;

Sizes sizes() {
  return {2,
          3,
          vocabulary,
          positions,
          2,
          1e-5,
          Activation(nlohmann::json::object(), "activation", "gelu")};
}

HeadParts head_parts() {
  Head words{.predicts = Predicts::token};
  words.dense = "head.dense";
  words.norm = "head.norm";
  words.weight = {"own decoder", "words"};
  words.bias = {"decoder bias"};
  words.tap = "head";
  return {{words, linear_head(Predicts::label, Reads::pooled, "labels")}, "pool"};
}

Encoder encoder() {
  return {sizes(),
          {"words", "places", "", "norm", "", "block *: ", "q", "k", "v", "o", "n1", "up", "down",
           "n2"},
          head_parts()};
}

Tensors parameters() {
  Tensors made;
  std::int64_t seed = 0;
  const auto draw = [&](const std::string& name, at::IntArrayRef shape) {
    at::Tensor values = at::arange(1, at::Scalar(1.0 + c10::multiply_integers(shape)), at::kDouble);
    made[name] = (values * values * (0.013 * static_cast<double>(++seed))).sin().reshape(shape);
  };
  const auto map = [&](const std::string& name, std::int64_t out, std::int64_t in) {
    draw(name + ".weight", {out, in});
    draw(name + ".bias", {out});
  };
  const auto norm = [&](const std::string& name) {
    draw(name + ".weight", {width});
    draw(name + ".bias", {width});
  };
  draw("words", {vocabulary, width});
  draw("places", {positions, width});
  norm("norm");
  for (const std::string layer : {"block 0: ", "block 1: "}) {
    for (const char* name : {"q", "k", "v", "o"}) map(layer + name, width, width);
    map(layer + "up", 20, width);
    map(layer + "down", width, 20);
    norm(layer + "n1");
    norm(layer + "n2");
  }
  map("head.dense", width, width);
  norm("head.norm");
  draw("decoder bias", {vocabulary});
  map("pool", width, width);
  map("labels", 3, width);
  return made;
}

const Batch batch{at::tensor({1, 2, 3, 4, 5, 6, 7, 8}, at::kLong).view({2, 4}), {}, {}};

TEST(NetworkTest, ComputesOnlyWhatIsAskedFor) {
  const Encoder network = encoder();
  Tensors without_heads = parameters();  // so that touching a head throws
  for (const char* name : {"head.dense", "head.norm", "pool", "labels"}) {
    without_heads.erase(std::string(name) + ".weight");
  }
  const Outputs bare = network.run(without_heads, batch, {});
  EXPECT_TRUE(bare.heads.empty());
  EXPECT_FALSE(bare.pooled.defined());
  EXPECT_TRUE(at::equal(bare.hidden, network.encode(parameters(), batch)));
  const Outputs all = network.run(parameters(), batch, {{Predicts::token, Predicts::label}});
  EXPECT_TRUE(all.heads.at(Predicts::token).sizes().equals({2, 4, vocabulary}));
  EXPECT_TRUE(all.heads.at(Predicts::label).sizes().equals({2, 3}));
  EXPECT_EQ(network.head(Predicts::next_sentence), nullptr);
  EXPECT_EQ(network.head(Predicts::label)->outputs(parameters()), 3);
}

TEST(NetworkTest, PositionsAreRowsOfTheWhole) {
  const Encoder network = encoder();
  const at::Tensor places = at::tensor({1, 6}, at::kLong);
  const at::Tensor whole = network.predict(parameters(), batch, Predicts::token).flatten(0, 1);
  const at::Tensor rows = network.predict(parameters(), batch, Predicts::token, places);
  EXPECT_LT((rows - whole.index_select(0, places)).abs().max().item<double>(), 1e-12);
}

TEST(NetworkTest, TapsOfHeadsAreTapsLikeOthers) {
  const Encoder network = encoder();
  std::map<std::string, at::Tensor> seen;
  const std::set<std::string> names = {"layer.1.ffn", "head", "pooler"};
  network.run(parameters(), batch, {},
              {names, [&](const std::string& name, const at::Tensor& x) { seen[name] = x; }});
  ASSERT_EQ(seen.size(), 3);
  EXPECT_TRUE(seen.at("layer.1.ffn").sizes().equals({2, 4, 20}));
  EXPECT_TRUE(seen.at("pooler").sizes().equals({2, width}));
  const Tensors p = parameters();
  const at::Tensor logits = at::linear(seen.at("head"), p.at("words"), p.at("decoder bias"));
  EXPECT_TRUE(at::equal(logits, network.predict(p, batch, Predicts::token)));
}

TEST(NetworkTest, AnOwnPreNormStandsForTheTiedOne) {
  const Encoder network = encoder();
  Tensors own = parameters();
  own["own decoder"] = 2 * own.at("words");
  const at::Tensor tied = network.predict(parameters(), batch, Predicts::token);
  const at::Tensor bias = own.at("decoder bias");
  EXPECT_LT((network.predict(own, batch, Predicts::token) - bias - 2 * (tied - bias))
                .abs()
                .max()
                .item<double>(),
            1e-12);
}

TEST(CheckTokensTest, NamesWhatDoesNotFit) {
  const Encoder network = encoder();
  const auto with = [&](std::int64_t length, std::int64_t id) {
    return error_of([&] { check_tokens(network, {at::full({1, length}, id, at::kLong)}); });
  };
  EXPECT_EQ(with(positions, vocabulary - 1), "");
  EXPECT_THAT(with(positions + 1, 0), HasSubstr("9 tokens"));
  EXPECT_THAT(with(3, vocabulary), HasSubstr("token id 19"));
  EXPECT_THAT(with(3, -1), HasSubstr("token id -1"));
  const at::Tensor ids = at::zeros({1, 2}, at::kLong);
  EXPECT_THAT(error_of([&] {
                check_tokens(network, {ids, {}, at::tensor({0, 2}).reshape({1, 2})});
              }),
              HasSubstr("token type 2"));
  EXPECT_THAT(error_of([&] {
                check_tokens(network, {ids, {}, {}, at::tensor({0, 8}).reshape({1, 2})});
              }),
              HasSubstr("position id 8"));
}

// bfloat16 counts to 256; sentences are longer.
TEST(PoolTest, PlacesAreWholeInBfloat16) {
  const at::Tensor mask = at::ones({1, 300}, at::kLong);
  at::Tensor hidden = at::zeros({1, 300, 1}, at::kBFloat16);
  hidden[0][299] = 1;
  const auto pooled = [&](Pooling mode) {
    return pool({.modes = {mode}}, hidden, mask).item<float>();
  };
  EXPECT_EQ(pooled(Pooling::last_token), 1);
  EXPECT_NEAR(pooled(Pooling::weighted_mean), 300 / (300 * 301 / 2.0), 1e-5);
  EXPECT_NEAR(pooled(Pooling::mean), 1 / 300.0, 1e-5);
  EXPECT_EQ(pool({.modes = {Pooling::cls}}, hidden, mask).scalar_type(), at::kBFloat16);
}

}  // namespace
}  // namespace braid
