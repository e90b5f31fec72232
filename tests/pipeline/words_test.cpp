// What the library says fits a command line, a YAML file and Python alike: an option is named in
// backquotes, never as a flag.
#include <gtest/gtest.h>

#include <map>
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

// The body that begins behind `at`, with its braces.
std::string body_at(const std::string& text, std::size_t at) {
  const std::size_t begin = text.find('{', at);
  int depth = 0;
  for (std::size_t end = begin; end < text.size(); ++end) {
    depth += text[end] == '{' ? 1 : text[end] == '}' ? -1 : 0;
    if (depth == 0) return text.substr(begin, end + 1 - begin);
  }
  return text.substr(begin);
}

// A message names its cause. An exception of another library is a consequence: its text must not
// reach a user, except from the last handler of the program, which reports a bug.
TEST(WordsTest, CatchesNameTheirCause) {
  // Type, and what a message may take of the exception.
  const std::map<std::string, std::regex> allowed = {
      {"const Error&", std::regex("what\\(\\)")},
      {"const std::invalid_argument&", std::regex("what\\(\\)")},  // braid/symmetry/pattern.cpp
      {"const fs::filesystem_error&", std::regex("code\\(\\)")},
      {"const Json::parse_error&", std::regex("byte")},
      {"const Json::exception&", std::regex("")},
      {"const nlohmann::json::exception&", std::regex("")},
      {"const YAML::Exception&", std::regex("mark|msg")},
  };
  const std::regex clause("catch \\((\\.\\.\\.|[^)]*&)( [a-z]+)?\\)");
  const std::regex member("\\berror\\.([a-z]+(?:\\(\\))?)");
  int clauses = 0;
  for (const Source& source : sources({"braid", "cli"})) {
    if (source.name.ends_with("cli/main.cpp")) continue;
    const std::string& text = source.text;
    for (std::sregex_iterator at(text.begin(), text.end(), clause), end; at != end; ++at) {
      ++clauses;
      const std::string type = (*at)[1];
      const std::string body = body_at(text, static_cast<std::size_t>(at->position()));
      if (type == "...") {
        const std::regex passes_on("current_exception|throw;");
        EXPECT_TRUE(std::regex_search(body, passes_on)) << source.name << ": " << body;
        continue;
      }
      const auto found = allowed.find(type);
      ASSERT_NE(found, allowed.end()) << source.name << ": catches " << type;
      for (std::sregex_iterator use(body.begin(), body.end(), member); use != end; ++use) {
        EXPECT_TRUE(std::regex_match((*use)[1].str(), found->second))
            << source.name << ": " << type << " " << use->str();
      }
    }
  }
  EXPECT_GT(clauses, 20);
}

TEST(WordsTest, FilesStaySmall) {
  for (const Source& source : sources({"braid", "cli", "tests", "fuzz", "benchmarks"})) {
    const auto lines = std::count(source.text.begin(), source.text.end(), '\n');
    EXPECT_LE(lines, 400) << source.name << ": is it still one thing?";
  }
}

}  // namespace
}  // namespace braid
