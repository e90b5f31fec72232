// Tables from files: what they mean, sizes from shapes, and refusals.
#include "braid/tables/symmetry_table.h"

#include <gmock/gmock.h>

#include "tests/checkpoint/temporary_folder.h"

namespace braid {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class SymmetryTableTest : public TemporaryFolder {
 protected:
  SymmetryTable read_text(const std::string& text) const {
    return read_symmetry_table(write("net.yaml", text));
  }
  Symmetries table(const std::string& text, const Tensors& tensors) const {
    return symmetries_of(read_text(text), tensors, "net.safetensors");
  }
  std::string refusal(const std::string& text, const Tensors& tensors) const {
    return error_of([&] { table(text, tensors); });
  }
};

Tensors zeros(const std::map<std::string, std::vector<std::int64_t>>& shapes) {
  Tensors tensors;
  for (const auto& [name, shape] : shapes) tensors[name] = at::zeros(shape);
  return tensors;
}

const char* const mlp = R"(table: MLP
axes:
  h1: permutation
  h2: {group: permutation, scales: true}
tensors:
  fc1.weight: h1 _
  fc1.bias: h1
  fc2.weight: h2 h1'
  fc2.bias: h2
  fc3.weight: _ h2'
  fc3.bias: _
taps:
  h1: h1
)";
Tensors mlp_tensors() {
  return zeros({{"fc1.weight", {8, 3}},
                {"fc1.bias", {8}},
                {"fc2.weight", {6, 8}},
                {"fc2.bias", {6}},
                {"fc3.weight", {2, 6}},
                {"fc3.bias", {2}}});
}

const char* const encoder = R"(
axes:
  x: {group: permutation, component: residual}
  layer.*.head: {group: permutation, component: attention}
  layer.*.qk: {group: general, per: head}
  layer.*.ov: {group: general, per: layer.*.head}
  layer.*.ffn: permutation
sizes: {head: 2}
tensors:
  cls_token: _ _ x
  blocks.*.norm.weight: =x
  blocks.*.attn.qkv.weight: (head qk | head qk' | head ov) x'
  blocks.*.attn.proj.weight: x (head ov')
  blocks.*.fc1.weight: ffn x'
  blocks.*.fc2.weight: x ffn'
taps:
  start: {on: x, component: residual}
  layer.*.attention: head ov
  layer.*.ffn: ffn
  end: {on: x, component: residual}
)";
Tensors encoder_tensors(std::int64_t layers = 2) {
  Tensors tensors = zeros({{"cls_token", {1, 1, 12}}});
  for (std::int64_t i = 0; i < layers; ++i) {
    const std::string block = "blocks." + std::to_string(i) + ".";
    tensors.merge(zeros({{block + "norm.weight", {12}},
                         {block + "attn.qkv.weight", {36, 12}},
                         {block + "attn.proj.weight", {12, 12}},
                         {block + "fc1.weight", {20, 12}},
                         {block + "fc2.weight", {12, 20}}}));
  }
  return tensors;
}

TEST_F(SymmetryTableTest, SizesComeFromTheShapes) {
  const Symmetries found = table(mlp, mlp_tensors());
  EXPECT_EQ(found.family, "MLP");
  EXPECT_EQ(found.axis("h1").size, 8);
  EXPECT_EQ(found.axis("h2").size, 6);
  EXPECT_TRUE(found.axis("h2").scales);
  EXPECT_EQ(found.axis("h1").component, "ffn");
  EXPECT_EQ(format_pattern(found.tensors.at("fc1.weight")), "h1 _3");
  EXPECT_EQ(found.taps.front().component, "ffn");
}

TEST_F(SymmetryTableTest, LayersAreCounted) {
  const Symmetries found = table(encoder, encoder_tensors(3));
  EXPECT_EQ(found.family, "net");
  EXPECT_EQ(found.axes.size(), 13);
  EXPECT_EQ(found.axis("layer.2.qk").size, 6);
  EXPECT_EQ(found.axis("layer.2.qk").per, "layer.2.head");
  EXPECT_EQ(found.axis("layer.2.qk").component, "attention");
  EXPECT_EQ(format_pattern(found.tensors.at("blocks.1.attn.qkv.weight")),
            "(layer.1.head layer.1.qk | layer.1.head layer.1.qk' | layer.1.head layer.1.ov) x'");
  std::vector<std::string> taps;
  for (const Tap& tap : found.taps) taps.push_back(tap.name);
  EXPECT_THAT(
      taps, ::testing::ElementsAre("start", "layer.0.attention", "layer.0.ffn", "layer.1.attention",
                                   "layer.1.ffn", "layer.2.attention", "layer.2.ffn", "end"));
}

TEST_F(SymmetryTableTest, ARuleForOneNameCountsFirst) {
  const std::string net = R"(
axes: {a: permutation, b: permutation, s.*.mid: permutation}
tensors:
  stem: a _
  s.*.up: mid b'
  s.0.up: s.0.mid a'
  s.*.down: b mid'
  s.0.skip: b a'
  head: _ b'
)";
  const Symmetries found = table(net, zeros({{"stem", {4, 3}},
                                             {"s.0.up", {7, 4}},
                                             {"s.1.up", {9, 5}},
                                             {"s.0.down", {5, 7}},
                                             {"s.1.down", {5, 9}},
                                             {"s.0.skip", {5, 4}},
                                             {"head", {2, 5}}}));
  EXPECT_EQ(format_pattern(found.tensors.at("s.0.up")), "s.0.mid a'");
  EXPECT_EQ(format_pattern(found.tensors.at("s.1.up")), "s.1.mid b'");
  EXPECT_EQ(found.axis("s.1.mid").size, 9);
}

TEST_F(SymmetryTableTest, IgnoresWhatItIsTold) {
  Tensors tensors = mlp_tensors();
  tensors["bn.num_batches_tracked"] = at::zeros({}, at::kLong);
  EXPECT_THAT(refusal(mlp, tensors), AllOf(HasSubstr("bn.num_batches_tracked"),
                                           HasSubstr("no rule"), HasSubstr("ignore")));
  const std::string text = mlp + std::string("ignore: ['*.num_*_tracked']\n");
  EXPECT_FALSE(table(text, tensors).tensors.contains("bn.num_batches_tracked"));
  const SymmetryTable ignoring = read_text(text);
  EXPECT_TRUE(ignores(ignoring, "a.b.num_x_tracked"));
  EXPECT_FALSE(ignores(ignoring, "num_x_tracked"));
  EXPECT_FALSE(ignores(ignoring, "a.num_x_tracked.b"));
  EXPECT_THAT(refusal(mlp + std::string("ignore: ['fc1.*']\n"), mlp_tensors()),
              HasSubstr("is also ignored"));
}

TEST_F(SymmetryTableTest, PrintsWhatItReads) {
  for (const char* text : {mlp, encoder}) {
    const SymmetryTable once = read_text(text);
    EXPECT_EQ(to_yaml(read_text(to_yaml(once))), to_yaml(once));
  }
}

// Each line of the table in turn is replaced.
struct Change {
  const char *from, *to, *says;
};

TEST_F(SymmetryTableTest, ATableThatForgetsOrContradictsIsRefused) {
  for (const Change& change : {
           Change{"  fc2.bias: h2\n", "", "1 tensor(s) have no rule in"},
           {"  fc2.bias: h2\n", "  fc2.bias: h2\n  fc9.bias: h2\n",
            "match no tensor of it: fc9.bias"},
           {"  fc2.bias: h2\n", "  fc2.bias: h1\n",
            "fc2.bias has shape [6], which contradicts its pattern h1"},
           {"h2 h1'", "h2 _", "axis h1 is written (fc1.weight) and never read"},
           {"h1 _", "h1 i'", "'i' is not an axis"},
           {"  h1: permutation\n", "  h1: permutation\n  i: permutation\n",
            "axis i is not in any tensor's pattern"},
           {"h1 _\n", "h1 _ _\n",
            "fc1.weight has 2 dimension(s), [8, 3], but its pattern h1 _ _ has 3"},
           {"h2 h1'", "h2 (h1' | h1')", "8 entries, expected 16"},
           {"_ h2'", "_5 h2'", "2 entries are too few"},
           {"fc3.bias: _", "fc3.bias: _x", "'_x' is not a number of entries"},
           {"fc3.bias: _", "fc3.bias: _99999999999999999999", "is not a number of entries"},
           {"fc3.bias: _", "fc3.bias: '='", "names no axis"},
           {"fc3.bias: _", "fc3.bias: (", "unclosed"},
           {"fc3.bias: _", "fc3.bias: ()", "misplaced"},
           {"fc3.bias: _", "fc3.bias: _\n  fc3.bias: _", "'fc3.bias' appears twice"},
           {"fc3.bias: _", "fc3.bias: _\n  f.*.c.*: _", "only one * (the layer number) is allowed"},
           {"h1: permutation", "h1: rotation", "'rotation' is not one of permutation"},
           {"h1: permutation", "h1: {group: permutation, per: q}",
            "per is 'q', which is not an axis"},
           {"h1: permutation", "h1: {component: ffn}", "group is missing"},
           {"h1: permutation", "h1: {group: permutation, component: nose}", "'nose' is not one of"},
           {"h1: permutation", "h1: {group: permutation, scale: true}", "'scale' is not a key"},
           {"h1: permutation", "h 1: permutation", "'h 1' cannot name an axis"},
           {"fc1.bias: h1", "fc1.bias: =h1\n  fc1.g: h1", "match no tensor"},
           {"axes:\n", "nose: 1\naxes:\n", "'nose' is not a known key"},
           {"h1: h1\n", "h1: {on: h1 | h2}\n", "is not a product of axes"},
           {"h1: h1\n", "h1: h3\n", "'h3' is not an axis"},
           {"taps:\n  h1: h1\n", "sizes: {h1: 9}\n", "h1 has 9 from `sizes`"},
           {"taps:\n  h1: h1\n", "sizes: {h1: 0}\n", "from 1 to"},
           {"taps:\n  h1: h1\n", "sizes: {h7: 8}\n", "'h7' is not an axis"},
           {"taps:\n  h1: h1\n", "sizes: {h1: 8}\nignore: fc\n", "expected a list"},
       }) {
    std::string text = mlp;
    text.replace(text.find(change.from), std::string(change.from).size(), change.to);
    EXPECT_THAT(refusal(text, mlp_tensors()), HasSubstr(change.says)) << change.to;
  }
}

TEST_F(SymmetryTableTest, LayersThatAreNotAllThereAreRefused) {
  Tensors tensors = encoder_tensors(3);
  tensors.erase("blocks.1.fc2.weight");
  EXPECT_THAT(refusal(encoder, tensors), HasSubstr("are missing: blocks.1.fc2.weight"));
  tensors = encoder_tensors(3);
  for (auto entry = tensors.begin(); entry != tensors.end();) {
    entry = entry->first.starts_with("blocks.1.") ? tensors.erase(entry) : std::next(entry);
  }
  EXPECT_THAT(refusal(encoder, tensors), HasSubstr("blocks.* exists for 2, but not for 1"));
  tensors = encoder_tensors(2);
  tensors["blocks.99999999999.fc1.weight"] = at::zeros({1});
  EXPECT_THAT(refusal(encoder, tensors), HasSubstr("no rule"));
}

TEST_F(SymmetryTableTest, SizesThatNoShapeTellsAreAskedFor) {
  std::string text = encoder;
  text.erase(text.find("sizes: {head: 2}"), 16);
  EXPECT_THAT(refusal(text, encoder_tensors()),
              AllOf(HasSubstr("no shape determines the size of axis layer.0.head"),
                    HasSubstr("sizes: {layer.*.head: N}")));
  text.insert(0, "sizes: {head: 2, layer.*.head: 2}\n");
  EXPECT_THAT(refusal(text, encoder_tensors()),
              HasSubstr("the size of layer.*.head is given twice"));
  text = encoder;
  text.replace(text.find("{head: 2}"), 9, "{head: 5}");
  EXPECT_THAT(refusal(text, encoder_tensors()), HasSubstr("which is not a valid size"));
}

TEST_F(SymmetryTableTest, WhatIsNoTableIsRefused) {
  for (const char* text :
       {"", "7", "[a]", "axes: [", "axes: {a: *b}", "axes: {}", "axes: 3\ntensors: 4",
        "axes: {a: permutation}\ntensors: {a: {b: c}}", "\xff\xfe: 1"}) {
    EXPECT_NE(refusal(text, {}), "") << text;
  }
  std::string deep = "axes: ";
  for (int i = 0; i < 100000; ++i) deep += "[";
  EXPECT_NE(refusal(deep, {}), "");
  EXPECT_THAT(refusal("tensors: {a: " + std::string(5000, '(') + "}\naxes: {b: permutation}", {}),
              HasSubstr("expected 1 to 1000 characters"));
  EXPECT_THROW(read_symmetry_table(folder), Error);
}

TEST_F(SymmetryTableTest, GroupsThatPatternsForbidAreRefused) {
  std::string text = encoder;
  text.replace(text.find("x: {group: permutation"), 22, "x: {group: orthogonal");
  EXPECT_THAT(refusal(text, encoder_tensors()), HasSubstr("a gain limits axis 'x'"));
  text = encoder;
  text.replace(text.find("(head qk | head"), 15, "(qk | head");
  EXPECT_THAT(refusal(text, encoder_tensors()), HasSubstr("which is not outside it"));
}

}  // namespace
}  // namespace braid
