// Nothing outside braid/families knows a tensor's name or a model_type: no string in braid/ or cli/
// holds a piece of a name of any family's table.
#include <gmock/gmock.h>

#include <sstream>

#include "braid/families/families.h"
#include "tests/sources.h"

namespace braid {
namespace {

std::vector<std::string> segments(const std::string& name) {
  std::vector<std::string> found;
  std::stringstream stream(name);
  for (std::string part; std::getline(stream, part, '.');) {
    const bool index = part.find_first_not_of("0123456789") == std::string::npos;
    if (!index && part != "weight" && part != "bias") found.push_back(part);
  }
  return found;
}

std::set<std::string> tensors_of(const Family& family) {
  std::set<std::string> names;
  for (const ModelClass& kind : family.classes) {
    for (const bool tied : {true, false}) {
      nlohmann::json config = family.sample;
      config["tie_word_embeddings"] = tied;
      for (const auto& [name, pattern] : family.describe(config, {kind.parts}).tensors) {
        names.insert(name);
      }
    }
  }
  return names;
}

// What may not stand in a string: two segments that follow each other, the first with a dot behind
// it, and single ones that are no words of English.
std::set<std::string> forbidden(const Family& family) {
  std::set<std::string> pieces;
  const bool plain = family.prefix.empty() || family.prefix == "model.";  // as model.safetensors
  if (!plain) pieces.insert(family.prefix);
  for (const std::string& name : tensors_of(family)) {
    const std::vector<std::string> parts = segments(name);
    pieces.insert(parts.front() + ".");
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (i > 0) pieces.insert(parts[i - 1] + "." + parts[i]);
      const bool word = parts[i].find_first_of("_ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string::npos;
      if (!word || (parts.size() == 1 && parts[i].size() <= 3)) pieces.insert(parts[i]);
    }
  }
  return pieces;
}

// As a piece of a name: not inside a longer word, nor the end of a sentence.
bool holds(const std::string& literal, const std::string& piece) {
  const auto is_word = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
  };
  for (std::size_t at = literal.find(piece); at != std::string::npos;
       at = literal.find(piece, at + 1)) {
    const std::size_t end = at + piece.size();
    const bool starts = at == 0 || (!is_word(literal[at - 1]) && literal[at - 1] != '/');
    const bool dotted = piece.back() == '.';
    const bool ends = end == literal.size() ? !dotted || literal == piece
                      : dotted ? is_word(literal[end]) || literal[end] == '*' || literal[end] == '{'
                               : !is_word(literal[end]);
    if (starts && ends) return true;
  }
  return false;
}

TEST(NamesTest, AreTheFamiliesAlone) {
  std::set<std::string> pieces, types, taps;
  for (const Family* family : families()) {
    pieces.merge(forbidden(*family));
    for (const Tap& tap : family->describe(family->sample, {family->classes.front().parts}).taps) {
      taps.insert(tap.name);
    }
    types.insert(family->model_type);
  }
  for (const std::string& tap : taps) pieces.erase(tap);  // they are ours
  for (const char* expected : {"cls.", "cls.predictions", "attention.self", "wte", "c_attn",
                               "pooler.dense", "classifier.", "bert.", "LayerNorm"}) {
    EXPECT_TRUE(pieces.contains(expected)) << expected << " should be looked for";
  }
  const std::vector<Source> all = sources({"braid", "cli"});
  EXPECT_GT(all.size(), 100);
  for (const Source& source : all) {
    if (source.name.starts_with("braid/families/")) continue;
    // Keys of tokenizers, and those of model types, whether these are families here or not.
    if (source.name.starts_with("braid/text/")) continue;
    for (const std::string& literal : literals(source.text)) {
      if (source.text.find("#include \"" + literal + "\"") != std::string::npos) continue;
      EXPECT_FALSE(types.contains(literal)) << source.name << " names model_type " << literal;
      for (const std::string& piece : pieces) {
        EXPECT_FALSE(holds(literal, piece))
            << source.name << ": \"" << literal << "\" holds " << piece << " of a tensor's name";
      }
    }
  }
}

TEST(NamesTest, ThisTestSeesOne) {
  EXPECT_THAT(literals("f(\"a\\\"b\"); // \"not\"\n x = '\"'; g(\"c\")"),
              ::testing::ElementsAre("a\"b", "c"));
  EXPECT_TRUE(holds("has no classifier (classifier.*)", "classifier."));
  EXPECT_TRUE(holds("cls.predictions.bias", "cls.predictions"));
  EXPECT_FALSE(holds("it writes the encoder. ", "encoder."));
  EXPECT_FALSE(holds("its own encoder.", "encoder."));
  EXPECT_FALSE(holds("length.", "h."));
}

}  // namespace
}  // namespace braid
