#include "braid/checkpoint/safetensors.h"

#include <gmock/gmock.h>

#include <cstring>

#include "tests/checkpoint/temporary_folder.h"

namespace braid {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// Length, header, data.
std::string assemble(std::string_view header, std::size_t data_size = 0) {
  const std::uint64_t size = header.size();
  std::string bytes(reinterpret_cast<const char*>(&size), sizeof size);
  return bytes.append(header).append(data_size, '\1');
}

class SafetensorsTest : public TemporaryFolder {
 protected:
  std::string error_reading(std::string_view bytes) const {
    const auto path = write("x.safetensors", bytes);
    return error_of([&] { read_safetensors(path); });
  }
};

TEST_F(SafetensorsTest, ReadsBytesOfTheSpecification) {
  std::string bytes = assemble(R"({"b":{"dtype":"I16","shape":[2],"data_offsets":[4,8]},)"
                               R"("a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}   )");
  bytes += std::string("\x00\x00\x20\xc0\x01\x00\xff\xff", 8);
  const Tensors tensors = read_safetensors(write("x.safetensors", bytes));
  ASSERT_EQ(tensors.size(), 2u);
  EXPECT_EQ(tensors.at("a").item<float>(), -2.5f);
  EXPECT_EQ(tensors.at("b").scalar_type(), at::kShort);
  EXPECT_EQ(tensors.at("b")[0].item<int>(), 1);
  EXPECT_EQ(tensors.at("b")[1].item<int>(), -1);
}

TEST_F(SafetensorsTest, ReadsUnalignedTensors) {
  const Tensors tensors = read_safetensors(
      write("x.safetensors", assemble(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                                      R"("b":{"dtype":"F64","shape":[3],"data_offsets":[1,25]}})",
                                      25)));
  const at::Tensor& b = tensors.at("b");
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(b.const_data_ptr()) % 8, 0u);
  double expected;
  std::memset(&expected, 1, sizeof expected);
  EXPECT_EQ(b[2].item<double>(), expected);
}

TEST_F(SafetensorsTest, OutlivesTheFile) {
  const auto path = folder / "x.safetensors";
  const at::Tensor x = at::arange(100000, at::kDouble);
  write_safetensors(path, {{"x", x}});
  const at::Tensor read = read_safetensors(path).at("x");
  write_safetensors(path, {{"x", x + 1}});
  std::filesystem::remove(path);
  EXPECT_TRUE(at::equal(read, x));
}

TEST_F(SafetensorsTest, WritesEveryDtypeShapeAndStride) {
  Tensors tensors;
  for (const auto dtype : {at::kDouble, at::kFloat, at::kHalf, at::kBFloat16, at::kLong, at::kInt,
                           at::kShort, at::kChar, at::kByte, at::kBool}) {
    tensors[safetensors_name(dtype)] = at::arange(30).reshape({2, 3, 5}).remainder(2).to(dtype);
    tensors[std::string("t.") + safetensors_name(dtype)] =
        tensors[safetensors_name(dtype)].permute({2, 0, 1});
  }
  tensors["scalar"] = at::scalar_tensor(3.0);
  tensors["empty"] = at::empty({3, 0, 2});
  tensors["expanded"] = at::ones({1}).expand({7});
  tensors[""] = at::zeros({1});
  write_safetensors(folder / "x", tensors);
  const Tensors read = read_safetensors(folder / "x");
  ASSERT_EQ(read.size(), tensors.size());
  for (const auto& [name, tensor] : tensors) {
    EXPECT_EQ(read.at(name).scalar_type(), tensor.scalar_type()) << name;
    EXPECT_TRUE(at::equal(read.at(name), tensor)) << name;
  }
  EXPECT_THAT(list(folder), ::testing::ElementsAre("x"));
}

TEST_F(SafetensorsTest, NamesWhatItCannotWrite) {
  EXPECT_THAT(error_of([&] {
                write_safetensors(folder / "x", {{"wave", at::zeros({1}, at::kComplexFloat)}});
              }),
              AllOf(HasSubstr("wave"), HasSubstr("ComplexFloat")));
  EXPECT_THAT(error_of([&] {
                write_safetensors(folder / "x", {{"\xff", at::zeros({1})}});
              }),
              HasSubstr("UTF-8"));
  EXPECT_THAT(error_of([&] {
                write_safetensors(folder / "x", {{"__metadata__", at::ones({1})}});
              }),
              HasSubstr("__metadata__"));
  EXPECT_TRUE(list(folder).empty());
}

TEST_F(SafetensorsTest, RefusesFilesThatAreNotSafetensors) {
  EXPECT_THAT(error_of([&] { read_safetensors(folder / "none"); }), HasSubstr("No such file"));
  EXPECT_THAT(error_of([&] { read_safetensors(folder); }), HasSubstr("regular file"));
  EXPECT_THAT(error_reading(""), HasSubstr("too few"));
  EXPECT_THAT(error_reading("1234567"), HasSubstr("too few"));
  EXPECT_THAT(error_reading(std::string(100, '\xff')), HasSubstr("not a safetensors file"));
  EXPECT_THAT(error_reading(std::string("\x00\xe1\xf5\x05\x00\x00\x00\x00{}", 10)),
              HasSubstr("truncated"));
  EXPECT_THAT(error_reading(std::string("\x01\xe1\xf5\x05\x00\x00\x00\x00{}", 10)),
              HasSubstr("at most 100000000"));
  EXPECT_THAT(error_reading(std::string("\x03\x00\x00\x00\x00\x00\x00\x00{}", 10)),
              HasSubstr("truncated"));
  EXPECT_THAT(error_reading("version https://git-lfs.github.com/spec/v1\noid sha256:1\n"),
              HasSubstr("git lfs pull"));
}

TEST_F(SafetensorsTest, RefusesHostileHeaders) {
  const auto header_error = [&](std::string_view header, std::size_t data_size) {
    return error_reading(assemble(header, data_size));
  };
  EXPECT_THAT(header_error("", 0), HasSubstr("JSON"));
  EXPECT_THAT(header_error("{", 0), HasSubstr("JSON"));
  EXPECT_THAT(header_error("{} {}", 0), HasSubstr("JSON"));
  EXPECT_THAT(header_error("{\"\xff\":1}", 0), HasSubstr("JSON"));
  EXPECT_THAT(header_error("[]", 0), HasSubstr("JSON object"));
  for (const char bracket : {'[', '{'}) {
    std::string bomb;
    for (int i = 0; i < 1'000'000; ++i) bomb += bracket == '[' ? "[" : "{\"a\":";
    EXPECT_THAT(header_error(bomb, 0), HasSubstr("nested deeper"));
  }
  const std::string good = R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})";
  EXPECT_EQ(header_error(R"({"x":)" + good + "}", 8), "");
  EXPECT_THAT(header_error(R"({"x":)" + good + R"(,"x":)" + good + "}", 8), HasSubstr("duplicate"));
  EXPECT_THAT(header_error(R"({"x":)" + good + "}", 7), HasSubstr("truncated"));
  EXPECT_THAT(header_error(R"({"x":)" + good + "}", 9), HasSubstr("1 bytes after"));
  EXPECT_THAT(header_error(R"({"x":)" + good + R"(,"y":)" + good + "}", 16),
              AllOf(HasSubstr("\"y\""), HasSubstr("overlapping")));
  EXPECT_THAT(header_error(R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})", 12),
              HasSubstr("gap"));
  EXPECT_THAT(header_error(R"({"x":3})", 0), HasSubstr("expected an object"));
  EXPECT_THAT(header_error(R"({"x":{"dtype":"F32","shape":[2]}})", 8), HasSubstr("data_offsets"));
  for (
      const char* fields : {
          R"("dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8])",
          R"("dtype":7,"shape":[2],"data_offsets":[0,8])",
          R"("dtype":"F32","shape":[-2],"data_offsets":[0,8])",
          R"("dtype":"F32","shape":[2.0],"data_offsets":[0,8])",
          R"("dtype":"F32","shape":[1e99],"data_offsets":[0,8])",
          R"("dtype":"F32","shape":["2"],"data_offsets":[0,8])",
          R"("dtype":"F32","shape":2,"data_offsets":[0,8])",
          R"("dtype":"F32","shape":[3],"data_offsets":[0,8])",
          R"("dtype":"F16","shape":[2],"data_offsets":[0,8])",
          R"("dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,8])",
          R"("dtype":"F32","shape":[4611686018427387906],"data_offsets":[0,8])",
          R"("dtype":"F32","shape":[2147483648,4294967297,2],"data_offsets":[0,8])",
          R"("dtype":"F32","shape":[0,4611686018427387904,4],"data_offsets":[0,0])",
          R"("dtype":"F32","shape":[2],"data_offsets":[8,0])",
          R"("dtype":"F32","shape":[2],"data_offsets":[0])",
          R"("dtype":"F32","shape":[2],"data_offsets":[-8,0])",
          R"("dtype":"F32","shape":[2],"data_offsets":[18446744073709551608,18446744073709551615])",
          R"("dtype":"F32","shape":[2],"data_offsets":[9223372036854775800,9223372036854775807])",
          R"("dtype":"BOOL","shape":[0],"data_offsets":[0,0],"more":1)",
      }) {
    EXPECT_THAT(header_error("{\"a.b\":{" + std::string(fields) + "}}", 8),
                AllOf(HasSubstr("x.safetensors"), HasSubstr("a.b")))
        << fields;
  }
  std::string dimensions = "1";
  for (int i = 0; i < 99; ++i) dimensions += ",1";
  EXPECT_THAT(
      header_error(R"({"x":{"dtype":"U8","shape":[)" + dimensions + R"(],"data_offsets":[0,1]}})",
                   1),
      HasSubstr("too large"));
  std::string bools = assemble(R"({"x":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}})", 1);
  EXPECT_THAT(error_reading(bools + '\7'), HasSubstr("the byte 7"));
  EXPECT_EQ(error_reading(bools + '\0'), "");
  EXPECT_THAT(header_error("{\"\\u001b[2J\":3}", 0), HasSubstr("\\x1b[2J"));
}

// Whatever bytes are changed or cut: tensors or an Error, nothing else.
TEST_F(SafetensorsTest, SurvivesDamage) {
  write_safetensors(folder / "good", {{"a", at::ones({3, 2})}, {"b", at::ones({5}, at::kBool)}});
  const std::string good = read(folder / "good");
  int refused = 0;
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const char flip : {'\x01', '\x10', '\x80', '\x1c'}) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ flip);
      refused += error_reading(bad).empty() ? 0 : 1;
    }
    EXPECT_NE(error_reading(good.substr(0, i)), "");
  }
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace braid
