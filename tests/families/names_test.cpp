// Nothing outside braid/families knows a tensor's name or a model_type: no string in braid/ or cli/
// holds a piece of a name of any family's table.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "braid/families/families.h"

namespace braid {
namespace {

namespace fs = std::filesystem;

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
  std::set<std::string> pieces = {family.prefix};
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

// String literals of a source file, raw ones as well, without its comments.
std::vector<std::string> literals(const std::string& source) {
  std::vector<std::string> found;
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (source.compare(i, 2, "//") == 0) {
      i = std::min(source.find('\n', i), source.size());
    } else if (source[i] == '\'' && i + 2 < source.size()) {
      const std::size_t end = source[i + 1] == '\\' ? i + 3 : i + 2;
      if (end < source.size() && source[end] == '\'') i = end;  // not a digit separator
    } else if (source[i] == '"') {
      std::string text;
      for (++i; i < source.size() && source[i] != '"'; ++i) {
        const bool escaped = source[i] == '\\';
        if (escaped) ++i;
        text += escaped && source[i] == 'n' ? ' ' : source[i];
      }
      found.push_back(text);
    }
  }
  return found;
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
  std::set<std::string> pieces, types;
  for (const Family* family : families()) {
    pieces.merge(forbidden(*family));
    types.insert(family->model_type);
  }
  for (const char* expected : {"cls.", "cls.predictions", "attention.self", "wte", "c_attn",
                               "pooler.dense", "classifier.", "bert.", "LayerNorm"}) {
    EXPECT_TRUE(pieces.contains(expected)) << expected << " should be looked for";
  }
  int files = 0;
  for (const char* folder : {"braid", "cli"}) {
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(BRAID_SOURCE) / folder)) {
      const fs::path& path = entry.path();
      const bool source = path.extension() == ".cpp" || path.extension() == ".h";
      if (!source || path.parent_path().filename() == "families") continue;
      ++files;
      std::ifstream stream(path);
      const std::string text(std::istreambuf_iterator<char>(stream), {});
      for (const std::string& literal : literals(text)) {
        if (text.find("#include \"" + literal + "\"") != std::string::npos) continue;
        EXPECT_FALSE(types.contains(literal)) << path << " names model_type " << literal;
        for (const std::string& piece : pieces) {
          EXPECT_FALSE(holds(literal, piece))
              << path << ": \"" << literal << "\" holds " << piece << " of a tensor's name";
        }
      }
    }
  }
  EXPECT_GT(files, 100);
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
