// Kinds of tokenizers are a matter of braid/text alone: everything else asks a Tokenizer.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace {

namespace fs = std::filesystem;

TEST(TokenizerKinds, AreNamedInTextOnly) {
  const fs::path root = fs::path(BRAID_SHARED).parent_path().parent_path();  // <root>/../shared
  std::int64_t read = 0;
  for (const char* part : {"braid", "cli", "examples", "benchmarks"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / part)) {
      const fs::path path = entry.path();
      const std::string name = fs::relative(path, root).generic_string();
      if ((path.extension() != ".h" && path.extension() != ".cpp") ||
          name.starts_with("braid/text/")) {
        continue;
      }
      ++read;
      std::ifstream file(path);
      std::int64_t number = 0;
      for (std::string line; std::getline(file, line);) {
        ++number;
        for (const char* kind : {"WordPiece", "ByteLevel", "word_piece"}) {
          EXPECT_EQ(line.find(kind), std::string::npos) << name << ":" << number << ": " << line;
        }
      }
    }
  }
  EXPECT_GT(read, 100);
}

}  // namespace
