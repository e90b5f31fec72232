#include "braid/text/unigram.h"

#include <gmock/gmock.h>

#include "braid/error.h"
#include "braid/text/graphemes.h"
#include "braid/text/normalizer.h"

namespace braid {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

std::vector<std::int64_t> encode(const PipelineDescription& description, std::string_view piece) {
  std::vector<std::int64_t> ids;
  Unigram(description).append_ids(piece, ids);
  return ids;
}

PipelineDescription small_unigram() {
  PipelineDescription description;
  description.source = "small";
  description.pieces = {{"<unk>", "a", "b", "ab", "abc", "c"}, 6};
  description.scores = {0, -2, -2, -3.5, -9, -4};
  description.model = {{"type", "Unigram"}, {"unk_id", 0}};
  return description;
}

TEST(UnigramTest, TakesTheMostProbableWay) {
  EXPECT_THAT(encode(small_unigram(), "ab"), ElementsAre(3));
  EXPECT_THAT(encode(small_unigram(), "abc"), ElementsAre(3, 5));  // -7.5 is more than -9
  EXPECT_THAT(encode(small_unigram(), "ba"), ElementsAre(2, 1));
}

TEST(UnigramTest, UnknownPiecesAreFusedOrBytes) {
  EXPECT_THAT(encode(small_unigram(), "axyzb\u00E9"), ElementsAre(1, 0, 2, 0));
  PipelineDescription description = small_unigram();
  description.model["byte_fallback"] = true;
  description.pieces.by_id.insert(description.pieces.by_id.end(), {"<0xC3>", "<0xA9>", "<0x78>"});
  description.scores.insert(description.scores.end(), 3, -5.0);
  EXPECT_THAT(encode(description, "a\u00E9b"), ElementsAre(1, 6, 7, 2));
  EXPECT_THAT(encode(description, "xy"), ElementsAre(0));  // y has no byte
  description = small_unigram();
  description.model["unk_id"] = nullptr;
  EXPECT_THAT([&] { encode(description, "ax"); }, ThrowsMessage<Error>(HasSubstr("'x'")));
}

TEST(UnigramTest, LongTextsTakeLinearTime) {
  EXPECT_EQ(encode(small_unigram(), std::string(4'000'000, 'a')).size(), 4'000'000);
}

std::vector<std::string> clusters(std::string_view text) {
  std::vector<std::string> all;
  while (!text.empty()) {
    all.emplace_back(text.substr(0, grapheme_length(text)));
    text.remove_prefix(all.back().size());
  }
  return all;
}

TEST(GraphemesTest, FollowTheRules) {
  EXPECT_THAT(clusters("ab\r\n\n"), ElementsAre("a", "b", "\r\n", "\n"));
  EXPECT_THAT(clusters("e\u0301\u0323x"), ElementsAre("e\u0301\u0323", "x"));
  EXPECT_THAT(clusters("\u0600a"), ElementsAre("\u0600a"));
  EXPECT_THAT(clusters("\u1100\u1161\u11A8\uAC00"), ElementsAre("\u1100\u1161\u11A8", "\uAC00"));
  EXPECT_THAT(clusters("\U0001F1E9\U0001F1EA\U0001F1EB"),
              ElementsAre("\U0001F1E9\U0001F1EA", "\U0001F1EB"));
  EXPECT_THAT(clusters("\u0915\u094D\u0937\u0301"), ElementsAre("\u0915\u094D\u0937\u0301"));
  EXPECT_THAT(clusters("\U0001F469\u200D\U0001F467a"),
              ElementsAre("\U0001F469\u200D\U0001F467", "a"));
}

TEST(NormalizerTest, RunsASequence) {
  const Normalizer normalizer =
      read_normalizer(nlohmann::json::parse(R"({"type": "Sequence", "normalizers": [
          {"type": "NFKD"}, {"type": "StripAccents"}, {"type": "Lowercase"},
          {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "_"},
          {"type": "Replace", "pattern": {"Regex": "\\s{2,}|[\\n\\r\\t]"}, "content": " "},
          {"type": "Strip", "strip_left": true, "strip_right": true},
          {"type": "Prepend", "prepend": ">"}]})"),
                      "file");
  EXPECT_EQ(normalizer.apply(" \u00C9T\uFB01   x\t\u3000y\nz "), ">etfi_x y z");
  EXPECT_EQ(normalizer.apply(" "), "");
  EXPECT_FALSE(normalizer.keeps_start);
}

}  // namespace
}  // namespace braid
