// A text may have no tokens, where a tokenizer adds none of its own: it does not end a stream.
#include "braid/tasks/sequence_stream.h"

#include <gmock/gmock.h>

#include "braid/tasks/tasks.h"
#include "tests/checkpoint/temporary_folder.h"
#include "tests/tasks/letters.h"

namespace braid {
namespace {

using ::testing::ElementsAre;

class SequenceStreamTest : public TemporaryFolder {
 protected:
  // Every sequence, as text.
  std::vector<std::string> all(const std::string& text, const char* task, std::int64_t limit = 0) {
    const Letters tokenizer({{}, {}, std::vector<std::int64_t>{}});  // pairs have no marks either
    const auto stream = open_sequences(
        {write("file", text), task ? &find_task(task) : nullptr, false, false, 16, limit},
        tokenizer);
    std::vector<std::string> read;
    while (const auto sequence = stream->next()) {
      read.emplace_back(sequence->ids.begin(), sequence->ids.end());
    }
    EXPECT_EQ(stream->sequences(), std::ssize(read));
    EXPECT_EQ(stream->done(), stream->total());
    return read;
  }
};

TEST_F(SequenceStreamTest, GoesOnBehindATextWithoutTokens) {
  EXPECT_THAT(all("a\n--\nb\n", nullptr), ElementsAre("a", "", "b"));
  EXPECT_THAT(all("-\na\nb\n", nullptr, 2), ElementsAre("", "a"));
  EXPECT_THAT(all("sentence\tlabel\na\t1\n\t0\nb\t1\n", "sst2"), ElementsAre("a", "", "b"));
  const std::string pairs = "sentence1\tsentence2\tscore\na\t\t3\n\tb\t0\nc\td\t1\n";
  EXPECT_THAT(all(pairs, "sts"), ElementsAre("a", "", "", "b", "c", "d"));
  EXPECT_THAT(all(pairs, "sts", 2), ElementsAre("a", "", "", "b"));
}

TEST_F(SequenceStreamTest, GoesOnBehindAPairWithoutTokens) {
  EXPECT_THAT(all("sentence1\tsentence2\tlabel\na\tb\t1\n-\t-\t0\nc\td\t1\n", "wnli"),
              ElementsAre("ab", "", "cd"));
}

}  // namespace
}  // namespace braid
