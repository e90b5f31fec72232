#include "braid/symmetry/pattern.h"

#include <gmock/gmock.h>

#include <stdexcept>

namespace braid {
namespace {

TEST(PatternTest, ReadsRolesProductsAndConcatenations) {
  const Pattern pattern = parse_pattern("x' (head qk | head qk' | _7) =x");
  ASSERT_EQ(pattern.size(), 3u);
  EXPECT_EQ(pattern[0][0][0].axis, "x");
  EXPECT_EQ(pattern[0][0][0].role, Role::covector);
  ASSERT_EQ(pattern[1].size(), 3u);
  ASSERT_EQ(pattern[1][1].size(), 2u);
  EXPECT_EQ(pattern[1][1][1].axis, "qk");
  EXPECT_EQ(pattern[1][1][1].role, Role::covector);
  EXPECT_EQ(pattern[1][2][0].role, Role::inert);
  EXPECT_EQ(pattern[1][2][0].size, 7);
  EXPECT_EQ(pattern[2][0][0].role, Role::gain);
}

TEST(PatternTest, FormatsWhatItReads) {
  for (const char* text :
       {"_30522 x", "_30522:token x", "(head qk') x'", "=x", "x' (head qk | head qk' | head ov)",
        "(head (qk | rest | qk' | rest' | ov)) x'", "(group head (qk part | _3))"}) {
    EXPECT_EQ(format_pattern(parse_pattern(text)), text);
  }
}

TEST(PatternTest, SharesTheFactorsBeforeAnInnerConcatenation) {
  const Concatenation rows = parse_pattern("(head (qk | qk' | ov)) x'").front();
  EXPECT_EQ(rows.shared, 1u);
  ASSERT_EQ(rows.size(), 3u);
  for (const Product& term : rows) EXPECT_EQ(term.front().axis, "head");
  EXPECT_EQ(rows[1].back().role, Role::covector);
}

TEST(PatternTest, RefusesUnbalancedParentheses) {
  for (const char* text :
       {"(a b", "a)", "()", "(a | )", "((a)", "a | b", "(a | b))", "(a (b | c) d)",
        "(a | b (c | d))", "(a (b (c | d)))", "((a | b))", "(a (b | c)"}) {
    EXPECT_THROW(parse_pattern(text), std::invalid_argument) << text;
  }
}

}  // namespace
}  // namespace braid
