// Hand-made pickles and archives; those of torch.save itself are in generated_test.cpp.
#include "braid/checkpoint/torch_bin.h"

#include <gmock/gmock.h>

#include <random>

#include "braid/checkpoint/pickle.h"
#include "tests/checkpoint/temporary_folder.h"

namespace braid {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string bytes_of(std::uint64_t number, int size) {
  std::string bytes;
  for (int i = 0; i < size; ++i, number >>= 8) bytes += static_cast<char>(number);
  return bytes;
}

std::string text(std::string_view value) {
  return "X" + bytes_of(value.size(), 4) + std::string(value);
}

// A zip archive of stored records.
std::string zip(const std::vector<std::pair<std::string, std::string>>& records) {
  std::string out, directory;
  for (const auto& [name, data] : records) {
    const std::string sizes = bytes_of(data.size(), 4) + bytes_of(data.size(), 4);
    const std::string names = bytes_of(name.size(), 2) + bytes_of(0, 2);
    directory += "PK\1\2" + bytes_of(0, 16) + sizes + names + bytes_of(0, 10) +
                 bytes_of(out.size(), 4) + name;
    out += "PK\3\4" + bytes_of(0, 14) + sizes + names + name + data;
  }
  const std::string count = bytes_of(records.size(), 2);
  return out + directory + "PK\5\6" + bytes_of(0, 4) + count + count +
         bytes_of(directory.size(), 4) + bytes_of(out.size(), 4) + bytes_of(0, 2);
}

const std::string kProtocol("\x80\x02", 2);

// {"x": a tensor of 2 floats on storage "0" of 2}
std::string pickle_of_one() {
  const std::string storage =
      "(" + text("storage") + "ctorch\nFloatStorage\n" + text("0") + text("cpu") + "K\2tQ";
  const std::string place("K\0K\2\x85K\1\x85\x89", 9);  // offset, sizes, strides, requires_grad
  return kProtocol + "}" + text("x") + "ctorch._utils\n_rebuild_tensor_v2\n(" + storage + place +
         "ccollections\nOrderedDict\n)RtRs.";
}

class TorchBinTest : public TemporaryFolder {
 protected:
  std::string error_reading(std::string_view bytes) const {
    const auto path = write("x.bin", bytes);
    return error_of([&] { read_torch_bin(path); });
  }
};

std::string error_unpickling(const std::string& bytes) {
  std::size_t position = 0;
  return error_of([&] { pickle::unpickle(bytes, position, "x"); });
}

TEST(PickleTest, RefusesCallsByName) {
  EXPECT_EQ(error_unpickling(kProtocol + "cposix\nsystem\n" + text("id") + "\x85R."),
            "x: refused: posix.system; only plain tensors are read");
  EXPECT_THAT(error_unpickling("\x80\x04" + text("builtins") + text("eval") + "\x93."),
              HasSubstr("refused: builtins.eval"));
  EXPECT_THAT(error_unpickling("\x80\x04" + text("torch") + text("load") + "\x93."),
              HasSubstr("refused: torch.load"));
  EXPECT_THAT(error_unpickling("\x80\x04" + text("collections") + text("OrderedDict.x") + "\x93."),
              HasSubstr("refused: collections.OrderedDict.x"));
  EXPECT_THAT(error_unpickling("\x80\x04K\1" + text("eval") + "\x93."), HasSubstr("not a string"));
  EXPECT_THAT(error_unpickling(kProtocol + "(ios\nsystem\n."), HasSubstr("refused: os.system"));
  EXPECT_THAT(error_unpickling(kProtocol + "(ccollections\nOrderedDict\no."), HasSubstr("OBJ"));
  EXPECT_THAT(error_unpickling(kProtocol + "ccollections\nOrderedDict\n)\x81."),
              HasSubstr("NEWOBJ"));
  EXPECT_THAT(error_unpickling(kProtocol + "\x82\1."), HasSubstr("EXT"));
  EXPECT_THAT(error_unpickling(kProtocol + "Pabc\n."), HasSubstr("PERSID"));
  EXPECT_THAT(error_unpickling(kProtocol + "ctorch\nFloatStorage\n)R."),
              HasSubstr("refused: a call of FloatStorage"));
  EXPECT_THAT(error_unpickling(kProtocol + text("os") + ")R."), HasSubstr("calls a string"));
  EXPECT_THAT(error_unpickling(kProtocol + "ccollections\nOrderedDict\n}b."),
              HasSubstr("attributes of a class"));
  EXPECT_THAT(error_unpickling(kProtocol + "]}b."), HasSubstr("attributes of a list"));
  EXPECT_THAT(error_unpickling(kProtocol + "(" + text("module") + "ctorch\nFloatStorage\nNNtQ."),
              HasSubstr("refused: persistent id module"));
  EXPECT_THAT(error_unpickling(kProtocol + "ca\x1b[31m\nb\n."), HasSubstr("a\\x1b[31m.b"));
}

TEST(PickleTest, RefusesMalformedPickles) {
  for (const char* program : {"",
                              ".",
                              "N",
                              "NN.",
                              "(N.",
                              "0",
                              "R.",
                              "a.",
                              "]a.",
                              "(e.",
                              "]N(a.",
                              "s.",
                              "}Ns.",
                              "}(Nu.",
                              "u.",
                              "t.",
                              "\x85.",
                              "Q.",
                              "NQ.",
                              ")Q.",
                              "b.",
                              "}b.",
                              "h\5.",
                              "q\1.",
                              "(q\1.",
                              "K",
                              "J\1",
                              "ccollections",
                              "ccollections\nOrderedDict",
                              "Na.",
                              "NNNs.",
                              ")(Ne.",
                              "N)R.",
                              "X\xff\xff\xff\xff.",
                              "X\xff\xff\xff\x7fzz.",
                              "\x8a\xff.",
                              "G\1.",
                              "\x8d\1\1\1\1\1\1\1\xff.",
                              "ccollections\nOrderedDict\nNR.",
                              "ctorch._utils\n_rebuild_tensor_v2\n)R.",
                              "ctorch._utils\n_rebuild_parameter\n)R."}) {
    EXPECT_NE(error_unpickling(kProtocol + program), "") << program;
  }
  EXPECT_THAT(error_unpickling("\x80\x05N."), HasSubstr("protocol 5"));
  EXPECT_THAT(error_unpickling("\x80\x01N."), HasSubstr("protocol 1"));
  EXPECT_NE(error_unpickling(kProtocol + "\x95\xff\xff\xff\xff\xff\xff\xff\xffN."), "");
  EXPECT_THAT(error_unpickling(std::string(5000, 'c')), HasSubstr("unterminated name"));
}

TEST(PickleTest, BoundsBombs) {
  EXPECT_THAT(error_unpickling(kProtocol + std::string(11'000'000, 'N')), HasSubstr("steps"));
  EXPECT_NE(error_unpickling(kProtocol + std::string(1'000'000, '(')), "");
  // Tuples in tuples, a list within itself, and doubling by memo: small, never walked.
  EXPECT_EQ(error_unpickling(kProtocol + ")" + std::string(1'000'000, '\x85') + "."), "");
  EXPECT_EQ(error_unpickling(kProtocol + "]q\1h\1a."), "");
  std::string laughs = kProtocol + "]q" + '\0';
  for (int i = 0; i < 10'000; ++i) laughs += std::string("h\0h\0\x86q\0", 7);
  EXPECT_EQ(error_unpickling(kProtocol + "Nq" + '\0' + "0"),
            "x: refused: opcode 0x30; only plain tensors are read");
  EXPECT_THAT(error_unpickling(laughs + "."), HasSubstr("left on the stack"));
  // One long tuple as the shape of every tensor, each of which would copy it.
  const std::string shapes = kProtocol + "ctorch._utils\n_rebuild_tensor_v2\n((X\7" +
                             std::string(3, '\0') + "storagectorch\nFloatStorage\n" + "X\1" +
                             std::string(3, '\0') + "0" + text("cpu") + "K\1tQK" + '\0' + "(" +
                             std::string(65 * 2, 'K') + "t)\x89NtR.";
  EXPECT_THAT(error_unpickling(shapes), HasSubstr("65 dimensions, at most 64"));
  EXPECT_EQ(error_unpickling(kProtocol + "Nr\xff\xff\xff\xff."), "");
}

TEST(PickleTest, ReadsNumbers) {
  const auto integer = [](const std::string& program) {
    std::size_t position = 0;
    const std::string bytes = kProtocol + program + ".";
    const auto result = pickle::unpickle(bytes, position, "x");
    EXPECT_EQ(position, bytes.size());
    return std::get<std::int64_t>(result.value);
  };
  EXPECT_EQ(integer("J\xfe\xff\xff\xff"), -2);
  EXPECT_EQ(integer("M\xfe\xff"), 0xfffe);
  EXPECT_EQ(integer("\x8a\x01\xff"), -1);
  EXPECT_EQ(integer(std::string("\x8a\x02\xff\x00", 4)), 255);
  EXPECT_EQ(integer(std::string("\x8a\x00", 2)), 0);
  EXPECT_EQ(integer(std::string("\x8a\x05\x00\x00\x00\x00\x01", 7)), 1LL << 32);
}

TEST_F(TorchBinTest, ReadsAndRefusesArchives) {
  const std::string data("\0\0\x80\x3f\0\0\0\x40", 8);
  const std::string good = pickle_of_one();
  const auto path = write("good.bin", zip({{"a/data.pkl", good}, {"a/data/0", data}}));
  const Tensors tensors = read_torch_bin(path);
  ASSERT_EQ(tensors.size(), 1u);
  EXPECT_TRUE(at::equal(tensors.at("x"), at::arange(1, 3, at::kFloat)));

  EXPECT_THAT(error_reading(""), HasSubstr("neither a zip archive nor"));
  EXPECT_THAT(error_reading("hello"), HasSubstr("neither a zip archive nor"));
  EXPECT_THAT(error_reading("PK\3\4"), HasSubstr("without its end"));
  EXPECT_THAT(error_reading(zip({})), HasSubstr("neither a zip archive nor"));
  EXPECT_THAT(error_reading(zip({{"a/data.pkl", good}, {"a/data/0", data}}).substr(1)),
              HasSubstr("neither a zip archive nor"));
  EXPECT_THAT(error_reading(zip({{"a/b", ""}})), HasSubstr("without data.pkl"));
  EXPECT_THAT(error_reading(zip({{"a/data.pkl", good}})), HasSubstr("storage 0 is missing"));
  EXPECT_THAT(error_reading(zip({{"a/data.pkl", good}, {"a/data/0", data + "1"}})),
              HasSubstr("9 bytes"));
  EXPECT_THAT(error_reading(zip({{"a/data.pkl", good}, {"a/data.pkl", good}})),
              HasSubstr("duplicate"));
  EXPECT_THAT(error_reading(zip({{"a/data.pkl", good}, {"b/data.pkl", good}})),
              HasSubstr("more than one"));
  EXPECT_THAT(
      error_reading(zip({{"a/data.pkl", good}, {"a/data/0", data}, {"a/byteorder", "big"}})),
      HasSubstr("big-endian"));
  EXPECT_THAT(error_reading(zip({{"a/data.pkl", kProtocol + "]."}})), HasSubstr("contains a list"));
  EXPECT_THAT(error_reading(zip({{"a/data.pkl", kProtocol + "}K\1Ns."}})),
              HasSubstr("a key is an integer"));
  EXPECT_THAT(error_reading(zip({{"a/data.pkl", kProtocol + "}" + text("w") + "Ns."}})),
              AllOf(HasSubstr("\"w\""), HasSubstr("is None")));
  EXPECT_THAT(error_reading("version https://git-lfs.github.com/spec/v1\n"), HasSubstr("git lfs"));
}

TEST_F(TorchBinTest, SurvivesDamage) {
  const std::string data(8, '\0');
  const std::string archive = zip({{"a/data.pkl", pickle_of_one()}, {"a/data/0", data}});
  const std::string legacy =
      std::string("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15) + kProtocol +
      "M\xe9\x03." + kProtocol + "}." + pickle_of_one() + kProtocol + "]" + text("0") + "a." +
      bytes_of(2, 8) + data;
  for (const std::string& good : {archive, legacy}) {
    ASSERT_EQ(error_reading(good), "");
    for (std::size_t i = 0; i < good.size(); ++i) {
      for (const char flip : {'\x01', '\x10', '\x80', '\x1c', '\xff'}) {
        std::string bad = good;
        bad[i] = static_cast<char>(bad[i] ^ flip);
        error_reading(bad);
      }
      EXPECT_NE(error_reading(good.substr(0, i)), "");
    }
    std::mt19937 random(1);
    for (int i = 0; i < 2000; ++i) {
      std::string bad = good;
      for (int j = 0; j < 4; ++j) bad[random() % bad.size()] = static_cast<char>(random());
      error_reading(bad);
    }
  }
}

}  // namespace
}  // namespace braid
