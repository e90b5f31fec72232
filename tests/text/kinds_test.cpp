// Kinds of tokenizers are a matter of braid/text alone: everything else asks a Tokenizer.
#include <gtest/gtest.h>

#include "tests/sources.h"

namespace braid {
namespace {

TEST(TokenizerKinds, AreNamedInTextOnly) {
  const std::vector<Source> all = sources({"braid", "cli", "examples", "benchmarks"});
  EXPECT_GT(all.size(), 100);
  for (const Source& source : all) {
    if (source.name.starts_with("braid/text/")) continue;
    for (const char* kind : {"WordPiece", "ByteLevel", "word_piece"}) {
      EXPECT_EQ(source.text.find(kind), std::string::npos) << source.name << " names " << kind;
    }
  }
}

}  // namespace
}  // namespace braid
