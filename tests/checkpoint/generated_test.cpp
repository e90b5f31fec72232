// Files that PyTorch and safetensors themselves wrote (make_files.py), and the fixtures.
// BRAID_TEST_PYTHON names a Python with torch, safetensors and huggingface_hub.
#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "braid/checkpoint/checkpoint.h"
#include "braid/checkpoint/fingerprint.h"
#include "braid/checkpoint/pickle.h"
#include "braid/checkpoint/safetensors.h"
#include "braid/checkpoint/torch_bin.h"
#include "tests/checkpoint/temporary_folder.h"
#include "tests/project_folder.h"

namespace braid {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

class GeneratedTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const char* python = std::getenv("BRAID_TEST_PYTHON");
    if (python == nullptr) return;
    std::string name = (fs::temp_directory_path() / "braid-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder = name;
    const fs::path script = in_project("tests/checkpoint/make_files.py");
    // The sanitizers' runtime, if preloaded, is not for Python.
    const std::string command =
        fmt::format("env -u LD_PRELOAD '{}' -W ignore '{}' '{}'", python, script.string(), name);
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
  }
  static void TearDownTestSuite() {
    if (!folder.empty()) fs::remove_all(folder);
  }
  void SetUp() override {
    if (folder.empty()) GTEST_SKIP() << "BRAID_TEST_PYTHON is not set";
  }

  static std::string error_reading(const std::string& name) {
    return error_of([&] { read_torch_bin(folder / name); });
  }
  static inline fs::path folder;
};

void check_tensors(const Tensors& tensors) {
  ASSERT_EQ(tensors.size(), 13u);
  const at::Tensor values = at::arange(6).reshape({2, 3});
  for (const auto& [name, dtype] :
       std::initializer_list<std::pair<const char*, at::ScalarType>>{{"F64", at::kDouble},
                                                                     {"F32", at::kFloat},
                                                                     {"F16", at::kHalf},
                                                                     {"BF16", at::kBFloat16},
                                                                     {"I64", at::kLong},
                                                                     {"I32", at::kInt},
                                                                     {"I16", at::kShort},
                                                                     {"I8", at::kChar},
                                                                     {"U8", at::kByte},
                                                                     {"BOOL", at::kBool}}) {
    const at::Tensor& x = tensors.at(std::string("x.") + name);
    EXPECT_EQ(x.scalar_type(), dtype);
    EXPECT_TRUE(at::equal(x, values.to(dtype))) << name;
  }
  EXPECT_EQ(tensors.at("scalar").dim(), 0);
  EXPECT_EQ(tensors.at("scalar").item<float>(), 2.5f);
  EXPECT_EQ(tensors.at("empty").sizes(), at::IntArrayRef({0, 4}));
  EXPECT_EQ(tensors.at("na\xc3\xafve \"\t\xf0\x9f\x98\x80").item<float>(), -1.0f);
}

TEST_F(GeneratedTest, ReadsEveryDtypeFromEveryFormat) {
  check_tensors(read_safetensors(folder / "good.safetensors"));
  for (const char* name : {"zip.bin", "zip4.bin", "legacy.bin"}) {
    SCOPED_TRACE(name);
    check_tensors(read_torch_bin(folder / name));
  }
}

// Everything that torch's own restricted reader allows is read, or refused by name.
TEST_F(GeneratedTest, LooksAtAllThatARebuildIsGiven) {
  const Tensors noted = read_torch_bin(folder / "attributes.bin");
  for (const char* name : {"tensor", "parameter"}) {
    EXPECT_TRUE(at::equal(noted.at(name), at::arange(6).to(at::kFloat).reshape({2, 3}))) << name;
  }
  for (const char* name : {"first", "no-hooks", "bits-off"}) {
    EXPECT_EQ(error_reading(fmt::format("rebuild-{}.bin", name)), "") << name;
  }
  using Case = std::pair<const char*, const char*>;
  for (const auto& [name, says] :
       {Case{"rebuild-hooks", "refused: _rebuild_tensor_v2 with backward hooks"},
        Case{"rebuild-conj", "refused: _rebuild_tensor_v2 with metadata conj"},
        Case{"rebuild-unknown", "refused: _rebuild_tensor_v2 with metadata x"},
        Case{"rebuild-gradient", "requires_grad is None"},
        Case{"rebuild-few", "call of _rebuild_tensor_v2: 5 arguments"},
        Case{"rebuild-many", "call of _rebuild_tensor_v2: 8 arguments"},
        Case{"other-neg", "with metadata neg"},
        Case{"other-quantized", "refused: torch._utils._rebuild_qtensor"},
        Case{"other-uint16", "refused: torch._utils._rebuild_tensor_v3"},
        Case{"other-float8", "refused: torch._utils._rebuild_tensor_v3"},
        Case{"other-meta", "refused: torch._utils._rebuild_meta_tensor_no_storage"},
        Case{"other-nested", "refused: torch._utils._rebuild_nested_tensor"},
        Case{"other-csr", "refused: torch._utils._rebuild_sparse_tensor"},
        Case{"other-size", "refused: torch.Size"}, Case{"other-dtype", "refused: torch.float32"},
        Case{"other-device", "refused: torch.device"}, Case{"other-set", "refused: "},
        Case{"other-complex", "refused: "}, Case{"other-bytes", "refused: _codecs.encode"}}) {
    EXPECT_THAT(error_reading(name + std::string(".bin")), HasSubstr(says)) << name;
  }
  std::ifstream file(folder / "allowed.json");
  std::size_t met = 0;
  for (const std::string allowed : nlohmann::json::parse(file)) {
    const std::size_t dot = allowed.rfind('.');
    std::size_t position = 0;
    const std::string pickled =
        "\x80\x02"
        "c" +
        allowed.substr(0, dot) + "\n" + allowed.substr(dot + 1) + "\n)R.";
    const std::string error = error_of([&] { pickle::unpickle(pickled, position, "x"); });
    if (allowed == "collections.OrderedDict") {
      EXPECT_EQ(error, "");
    } else {
      EXPECT_THAT(error, HasSubstr(allowed.substr(dot + 1)));
    }
    ++met;
  }
  EXPECT_GT(met, 50);
}

TEST_F(GeneratedTest, WritesTheBytesThatHuggingFaceWrites) {
  write_safetensors(folder / "again", read_safetensors(folder / "good.safetensors"));
  std::ifstream theirs(folder / "good.safetensors"), ours(folder / "again");
  const std::string expected{std::istreambuf_iterator<char>(theirs), {}};
  const std::string found{std::istreambuf_iterator<char>(ours), {}};
  EXPECT_TRUE(found == expected) << found.substr(8, 300) << "\n" << expected.substr(8, 300);
}

TEST_F(GeneratedTest, ReadsModulesParametersAndViews) {
  const Tensors module = read_torch_bin(folder / "module.bin");
  EXPECT_TRUE(at::equal(module.at("0.weight"), at::arange(6, at::kFloat).reshape({2, 3})));
  EXPECT_EQ(fingerprint(module), fingerprint(read_torch_bin(folder / "parameters.bin")));
  for (const char* name : {"views.bin", "views-legacy.bin"}) {
    const Tensors views = read_torch_bin(folder / name);
    const at::Tensor base = at::arange(12, at::kFloat).reshape({3, 4});
    EXPECT_TRUE(at::equal(views.at("base"), base));
    EXPECT_TRUE(at::equal(views.at("transposed"), base.t()));
    EXPECT_TRUE(at::equal(views.at("row"), base[1]));
    EXPECT_TRUE(at::equal(views.at("corner"), base.slice(0, 1).slice(1, 2)));
    EXPECT_TRUE(views.at("row").is_alias_of(views.at("base")));
  }
}

TEST_F(GeneratedTest, CallsNothing) {
  for (const char* format : {"2", "4", "legacy"}) {
    const auto error = [&](const char* name) {
      return error_reading(fmt::format("call-{}-{}.bin", name, format));
    };
    EXPECT_THAT(error("system"), HasSubstr("refused: posix.system; only plain tensors are read"));
    EXPECT_THAT(error("eval"), HasSubstr(".eval; only plain tensors are read"));
    EXPECT_THAT(error("attribute"), HasSubstr(".getattr; only plain tensors are read"));
  }
  EXPECT_FALSE(fs::exists(folder / "called"));
  EXPECT_THAT(error_reading("call-module.bin"),
              HasSubstr("refused: torch.nn.modules.container.Sequential"));
  EXPECT_THAT(error_reading("complex.bin"), HasSubstr("refused: torch.ComplexFloatStorage"));
  EXPECT_THAT(error_reading("sparse.bin"), HasSubstr("refused: torch._utils._rebuild_sparse"));
  EXPECT_THAT(error_reading("list.bin"), HasSubstr("contains a list"));
  EXPECT_THAT(error_reading("number.bin"), HasSubstr("is an integer, expected a tensor"));
}

TEST_F(GeneratedTest, ChecksClaimsAgainstStorages) {
  EXPECT_EQ(error_reading("claim-fits.bin"), "");
  EXPECT_THAT(error_reading("expanded.bin"), HasSubstr("do not fit a storage"));
  EXPECT_THAT(error_reading("claim-offset.bin"), HasSubstr("do not fit a storage of 4"));
  EXPECT_THAT(error_reading("claim-negative-offset.bin"), HasSubstr("negative"));
  EXPECT_THAT(error_reading("claim-negative-stride.bin"), HasSubstr("negative"));
  EXPECT_THAT(error_reading("claim-negative-size.bin"), HasSubstr("negative"));
  EXPECT_THAT(error_reading("claim-overflow.bin"), HasSubstr("too large"));
  EXPECT_THAT(error_reading("claim-stride-overflow.bin"), HasSubstr("do not fit"));
  EXPECT_THAT(error_reading("claim-repeats.bin"), HasSubstr("do not fit"));
  EXPECT_THAT(error_reading("claim-short-storage.bin"), HasSubstr("has 16 bytes, not 5 elements"));
  EXPECT_THAT(error_reading("claim-huge-storage.bin"), HasSubstr("has 16 bytes"));
  EXPECT_THAT(error_reading("claim-strides-missing.bin"), HasSubstr("2 sizes but 1 strides"));
  EXPECT_THAT(error_reading("claim-long-integer.bin"), HasSubstr("big integer"));
  EXPECT_THAT(error_reading("claim-missing-storage.bin"), HasSubstr("storage 0 is missing"));
  EXPECT_THAT(error_reading("claim-compressed.bin"), HasSubstr("compressed"));
}

TEST_F(GeneratedTest, SplitsAsHuggingFace) {
  std::ifstream file(folder / "split.json");
  const auto split = nlohmann::json::parse(file);
  Tensors tensors;
  for (const auto& [name, size] : split["sizes"].items()) {
    tensors[name] = at::zeros({size.get<std::int64_t>()});
  }
  WriteOptions options;
  options.shard_size = 350;
  write_checkpoint(folder / "split", nlohmann::json::object(), tensors, {}, options);
  nlohmann::json files;
  for (const Shard& shard : load_checkpoint(folder / "split").layout) {
    files[shard.file] = shard.tensors;
  }
  EXPECT_EQ(files, split["files"]);
}

TEST(FixturesTest, LoadTheSameWeights) {
  const fs::path fixtures = in_project("../shared/fixtures");
  if (!fs::exists(fixtures / "bert-b")) GTEST_SKIP() << "needs " << fixtures;
  const Checkpoint b = load_checkpoint(fixtures / "bert-b");
  const Checkpoint bin = load_checkpoint(fixtures / "bert-b-bin");
  EXPECT_EQ(b.config, bin.config);
  const auto rename = [](std::string name) {
    for (const auto& [from, to] : {std::pair{"LayerNorm.gamma", "LayerNorm.weight"},
                                   std::pair{"LayerNorm.beta", "LayerNorm.bias"}}) {
      if (const auto at = name.find(from); at != std::string::npos) {
        name.replace(at, std::string(from).size(), to);
      }
    }
    return name;
  };
  Tensors renamed;
  for (const auto& [name, tensor] : bin.tensors) {
    if (b.tensors.contains(rename(name))) renamed[rename(name)] = tensor;
  }
  EXPECT_EQ(fingerprint(renamed), fingerprint(b.tensors));
  EXPECT_NE(fingerprint(load_checkpoint(fixtures / "bert-a").tensors), fingerprint(b.tensors));
}

}  // namespace
}  // namespace braid
