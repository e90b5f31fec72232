// The alignment file: read back as it was written, and refused in words of its own where it is not
// what it says.
#include <gmock/gmock.h>

#include "braid/alignment/alignment.h"
#include "braid/error.h"
#include "tests/checkpoint/temporary_folder.h"

namespace braid {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;

// Heads of units on axes whose names say nothing, three deep, and every kind of element.
Symmetries table() {
  SymmetriesBuilder table("toy", 1);
  table.axis({"x", 6, Group::signed_permutation, "residual", ""})
      .axis({"layer.*.shared", 2, Group::permutation, "attention", ""})
      .axis({"layer.*.query", 3, Group::permutation, "attention", "layer.*.shared"})
      .axis({"layer.*.inside", 2, Group::permutation, "attention", "layer.*.query"})
      .axis({"layer.*.turned", 4, Group::rotary, "attention", "layer.*.shared"})
      .axis({"layer.*.mapped", 2, Group::general, "attention", "layer.*.shared"})
      .tensor("layer.*.inside", "(shared query inside) x'")
      .tensor("layer.*.turned", "(shared query turned) x'")
      .tensor("layer.*.mapped", "(shared mapped) x'")
      .tap("layer.*.context", "shared query inside", "attention");
  return std::move(table).build("");
}

Alignment random_alignment() {
  const Symmetries symmetries = table();
  Random random(3);
  Alignment alignment;
  for (auto& [name, element] : random_transform(symmetries, random)) {
    AxisMatch& match = alignment.axes[name];
    match.element = element;
    match.objective = random.normal();
    match.unaligned = random.normal();
    match.units = 6;
    match.seconds = 0.25;
  }
  alignment.axes["shift.x"].element = {ShiftVector{at::rand({6}, at::kDouble)}};
  alignment.a = {{"path", "a"}, {"fingerprint", "1"}};
  alignment.b = {{"path", "b"}, {"fingerprint", "2"}};
  alignment.text = Json::array({{{"path", "t"}}});
  alignment.options = {{"canonicalise", true}};
  fill_from_table(symmetries, alignment);
  return alignment;
}

class AlignmentFileTest : public TemporaryFolder {};

TEST_F(AlignmentFileTest, ReadsWhatItWroteEveryBlockOfIt) {
  const Symmetries symmetries = table();
  const Alignment alignment = random_alignment();
  save_alignment(folder / "ab", alignment);
  const Alignment read = load_alignment(folder / "ab");
  EXPECT_EQ(to_json(read), to_json(alignment));
  EXPECT_TRUE(read.canonical());
  ASSERT_EQ(read.axes.at("layer.0.inside").element.size(), 6u);
  ASSERT_EQ(read.axes.at("layer.0.turned").element.size(), 2u);
  Transform there = read.transform();
  there.erase("shift.x");
  check_transform(symmetries, there);
  Tensors tensors;
  Random random(5);
  for (const auto& [name, pattern] : symmetries.tensors) {
    tensors[name] = at::arange(at::zeros(symmetries.shape(pattern)).numel(), at::kDouble)
                        .reshape(symmetries.shape(pattern));
  }
  Transform before = alignment.transform();
  before.erase("shift.x");
  const Tensors moved = transform_parameters(symmetries, tensors, before);
  for (const auto& [name, tensor] : transform_parameters(symmetries, tensors, there)) {
    EXPECT_TRUE(at::equal(tensor, moved.at(name))) << name;
  }
}

// The view is the order in which the units of all blocks stand after alignment.
TEST_F(AlignmentFileTest, FlatViewsFollowEveryLevel) {
  const Symmetries symmetries = table();
  const Alignment alignment = random_alignment();
  ASSERT_EQ(alignment.flat.size(), 1u);
  const FlatView& view = alignment.flat.at("layer.0.attention");
  EXPECT_EQ(view.of, "layer.0.shared");
  const Pattern units = {{{{"layer.0.shared", Role::vector},
                           {"layer.0.query", Role::vector},
                           {"layer.0.inside", Role::vector}}}};
  Transform heads;
  for (const char* axis : {"layer.0.shared", "layer.0.query", "layer.0.inside"}) {
    heads[axis] = alignment.axes.at(axis).element;
  }
  const at::Tensor moved = transform_tensor(symmetries, units, at::arange(12, at::kDouble), heads);
  const auto& indices = std::get<Permutation>(view.match.element.front()).indices;
  EXPECT_TRUE(at::equal(moved, at::tensor(indices, at::kLong).to(at::kDouble)));
}

// As braid 0.1 wrote it: one block of a repeated axis is a list of one.
TEST_F(AlignmentFileTest, ReadsOneBlock) {
  const char* text =
      R"({"a":{"fingerprint":"1","path":"a"},"ablation":{"ignore_heads":false,"separate_residual":false},)"
      R"("axes":{"layer.0.head":{"applied":true,"identity":0.5,"indices":[0],"kind":"permutation",)"
      R"("mean":0.5,"objective":1.0,"seconds":0.1,"units":2},"layer.0.ov":{"applied":true,)"
      R"("condition":1.0,"identity":0.5,"kind":"matrix","matrix":[[[0.0,1.0],[1.0,0.0]]],"mean":0.5,)"
      R"("objective":1.0,"seconds":0.1,"units":2}},"b":{"fingerprint":"2","path":"b"},"broken":"",)"
      R"("exact":true,"family":"BERT","format":"braid-alignment","options":{},"text":null,"version":1})";
  const Alignment read = load_alignment(write("one", text));
  EXPECT_TRUE(read.axes.at("layer.0.ov").repeated);
  EXPECT_FALSE(read.axes.at("layer.0.head").repeated);
  EXPECT_EQ(to_json(read).dump(), text);
}

struct Damage {
  const char* where;  // a JSON pointer into the file
  const char* value;  // put there; empty: what is there is taken away
  const char* says;
};

class DamagedAlignmentTest : public TemporaryFolder,
                             public ::testing::WithParamInterface<Damage> {};

TEST_P(DamagedAlignmentTest, IsRefusedInWords) {
  const auto& [where, value, says] = GetParam();
  Json json = to_json(random_alignment());
  const Json::json_pointer pointer(where);
  if (*value) {
    json[pointer] = Json::parse(value);
  } else {
    json[pointer.parent_pointer()].erase(pointer.back());
  }
  const auto file = write("damaged", json.dump());
  const std::string message = error_of([&] { load_alignment(file); });
  EXPECT_THAT(message, HasSubstr("damaged: unusable alignment: "));
  EXPECT_THAT(message, HasSubstr(says));
  EXPECT_THAT(message, HasSubstr("align these models again"));
  EXPECT_THAT(message, ::testing::Not(HasSubstr("json.exception")));
}

INSTANTIATE_TEST_SUITE_P(
    Everywhere, DamagedAlignmentTest,
    ::testing::Values(
        Damage{"/a", "3", "a: expected an object, found 3"},
        Damage{"/b/fingerprint", "[1]", "b, fingerprint: expected a string, found a list"},
        Damage{"/options/canonicalise", "\"yes\"",
               "options, canonicalise: expected true or false, found \"yes\""},
        Damage{"/options", "[]", "options: expected an object, found an empty list"},
        Damage{"/text", "7", "text: expected an object or a list of objects, found 7"},
        Damage{"/format", "\"braid\"", "not a braid alignment"},
        Damage{"/version", "2", "version 2; this braid reads version 1"},
        Damage{"/version", "", "version is missing"},
        Damage{"/family", "null", "family: expected a string, found null"},
        Damage{"/exact", "false", "\"exact\" and \"broken\" contradict each other"},
        Damage{"/ablation/ignore_heads", "0", "ignore_heads: expected true or false, found 0"},
        Damage{"/ablation/other", "true", "ablation: unknown key other"},
        Damage{"/more", "1", "unknown key more"},
        Damage{"/axes", "\"x\"", "axes: expected an object, found \"x\""},
        Damage{"/axes/x", "[]", "axis x: expected an object, found an empty list"},
        Damage{"/axes/x/kind", "\"rotation\"", "axis x, kind: expected a kind of element known"},
        Damage{"/axes/x/kind", "\"matrix\"", "axis x: matrix is missing"},
        Damage{"/axes/x/indices", "", "axis x: indices is missing"},
        Damage{"/axes/x/indices", "[]", "axis x, indices: expected a list of integers"},
        Damage{"/axes/x/indices/0", "1.5", "axis x, indices[0]: expected an integer, found 1.5"},
        Damage{"/axes/x/indices", "[0,0,1,2,3,4]",
               "axis x, indices[1]: 0 is out of range or repeated"},
        Damage{"/axes/x/indices/2", "18446744073709551615", "indices[2]: expected an integer"},
        Damage{"/axes/x/signs/3", "2", "axis x, signs[3]: expected 1 or -1, found 2"},
        Damage{"/axes/x/signs", "[1]", "axis x, signs: 1 signs for 6 units"},
        Damage{"/axes/x/objective", "null", "axis x, objective: expected a finite number"},
        Damage{"/axes/x/units", "-1", "axis x, units: expected an integer of at least 0, found -1"},
        Damage{"/axes/x/applied", "\"no\"", "axis x, applied: expected true or false"},
        Damage{"/axes/x/surprise", "1", "axis x: unknown key surprise"},
        Damage{"/axes/layer.0.mapped/matrix/1", "[[1,2],[2,4]]",
               "matrix[1]: the matrix is singular"},
        Damage{"/axes/layer.0.mapped/matrix/0/1", "[1]",
               "matrix[0][1]: expected a row of 2 numbers"},
        Damage{"/axes/layer.0.mapped/matrix/0/0/1", "true",
               "matrix[0][0][1]: expected a finite number, found true"},
        Damage{"/axes/layer.0.turned/imaginary", "[[0,0]]", "imaginary: 1 blocks, expected 2"},
        Damage{"/axes/layer.0.turned/real/1", "[1]",
               "real[1]: 1 real parts, but 2 imaginary parts"},
        Damage{"/axes/layer.0.inside/indices/4", "[0]", "indices[4]: a block of 1 units"},
        Damage{"/axes/layer.0.attention/view_of", "\"y\"",
               "view_of: expected an axis of this file"},
        Damage{"/axes/shift.x/vector", "{}", "vector: expected a list of numbers"}));

TEST_F(AlignmentFileTest, RefusesWhatIsNoJson) {
  const std::string text = to_json(random_alignment()).dump();
  const std::string deep(100000, '['), name(1000, 'a');
  for (const auto& [content, says] : std::vector<std::pair<std::string, std::string>>{
           {"", "not valid JSON"},
           {text.substr(0, 1), "not valid JSON"},
           {text.substr(0, text.size() / 2), "not valid JSON"},
           {text + "}", "not valid JSON"},
           {std::string("\x93NUMPY\x01\0\0\0", 10), "not valid JSON: syntax error at byte"},
           {deep, "nested deeper than 64"},
           {R"({"format":"braid-alignment","format":"x"})", "duplicate key \"format\""},
           {R"({"format":"braid-alignment","version":1e999})", "a number is too large"},
           {R"({"format":"braid-alignment","version":NaN})", "version nan"},
           {"[]", "not a braid alignment"},
           {"{}", "not a braid alignment"},
           {R"({"format":3})", "not a braid alignment"},
           {R"({"format":"braid-alignment"})", "version is missing"}}) {
    const std::string message =
        error_of([&, &file = content] { load_alignment(write("bad", file)); });
    EXPECT_THAT(message, HasSubstr("bad: unusable alignment: ")) << content.substr(0, 60);
    EXPECT_THAT(message, HasSubstr(says)) << content.substr(0, 60);
    EXPECT_THAT(message, ::testing::Not(HasSubstr("json.exception")));
  }
  EXPECT_THAT(error_of([&] { load_alignment(folder / "none"); }),
              HasSubstr("none: cannot be opened"));
}

}  // namespace
}  // namespace braid
