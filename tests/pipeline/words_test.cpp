// What the library says fits a command line, a YAML file and Python alike: an option is named in
// backquotes, never as a flag.
#include <gtest/gtest.h>

#include <regex>

#include "tests/sources.h"

namespace braid {
namespace {

TEST(WordsTest, NameNoFlagOfTheCommandLine) {
  const std::regex flag("--[a-z]");
  const std::vector<Source> all = sources({"braid"});
  EXPECT_GT(all.size(), 100);
  for (const Source& source : all) {
    for (const std::string& literal : literals(source.text)) {
      EXPECT_FALSE(std::regex_search(literal, flag)) << source.name << ": \"" << literal << '"';
    }
  }
}

TEST(WordsTest, FilesStaySmall) {
  for (const Source& source : sources({"braid", "cli", "tests", "fuzz", "benchmarks"})) {
    const auto lines = std::count(source.text.begin(), source.text.end(), '\n');
    EXPECT_LE(lines, 400) << source.name << ": is it still one thing?";
  }
}

}  // namespace
}  // namespace braid
