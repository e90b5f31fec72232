// Tensors that are made when they are written: one at a time, as promised, or nothing is written.
#include "braid/checkpoint/lazy_tensors.h"

#include <gmock/gmock.h>

#include "braid/checkpoint/checkpoint.h"
#include "braid/checkpoint/safetensors.h"
#include "tests/checkpoint/temporary_folder.h"

namespace braid {
namespace {

class LazyTensorsTest : public TemporaryFolder {
 protected:
  // A tensor of `value`s that counts how many of its kind are alive.
  LazyTensor counted(float value) {
    LazyTensor tensor = lazy(at::full({1000}, value));
    tensor.make = [this, value] {
      ++made;
      most_alive = std::max(most_alive, ++alive);
      auto* values = new float[1000];
      std::fill_n(values, 1000, value);
      return at::from_blob(
          values, {1000},
          [this, values](void*) {
            --alive;
            delete[] values;
          },
          at::kFloat);
    };
    return tensor;
  }

  int made = 0, alive = 0, most_alive = 0;
};

TEST_F(LazyTensorsTest, AreMadeOnceAndOneAtATime) {
  LazyTensors tensors;
  for (int i = 0; i < 6; ++i)
    tensors.emplace("t" + std::to_string(i), counted(static_cast<float>(i)));
  WriteOptions options;
  options.shard_size = 2 * 4000;
  write_checkpoint(folder / "out", {{"model_type", "none"}}, tensors, {}, options);
  EXPECT_EQ(made, 6);
  EXPECT_EQ(most_alive, 1);
  EXPECT_EQ(alive, 0);
  const Checkpoint read = load_checkpoint(folder / "out");
  EXPECT_EQ(read.layout.size(), 3);
  for (int i = 0; i < 6; ++i) {
    EXPECT_TRUE(read.tensors.at("t" + std::to_string(i)).eq(i).all().item<bool>()) << i;
  }
}

TEST_F(LazyTensorsTest, WriteTheBytesOfTensorsThatAreThere) {
  const Tensors tensors = {{"a", at::arange(6).view({2, 3})}, {"b", at::ones({}, at::kHalf)}};
  write_safetensors(folder / "there", tensors);
  write_safetensors(folder / "lazy", lazy(tensors));
  EXPECT_EQ(read(folder / "there"), read(folder / "lazy"));
  EXPECT_EQ(byte_size(lazy(tensors)), 6 * 8 + 2);
}

TEST_F(LazyTensorsTest, ThatBreakTheirPromiseLeaveNothing) {
  for (const at::Tensor& other : {at::ones({3}), at::ones({2}, at::kDouble)}) {
    LazyTensors tensors = lazy({{"a", at::ones({2})}, {"b", at::ones({2})}});
    tensors.at("b").make = [other] { return other; };
    EXPECT_THROW(write_checkpoint(folder / "out", {}, tensors), std::logic_error);
    EXPECT_FALSE(std::filesystem::exists(folder / "out"));
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder));
}

}  // namespace
}  // namespace braid
