#include "braid/text/lines.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>

#include "braid/error.h"

namespace braid {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

class Lines : public testing::Test {
 protected:
  Lines() {
    std::string pattern = (std::filesystem::temp_directory_path() / "braid-lines-XXXXXX").string();
    const int file = mkstemp(pattern.data());
    if (file >= 0) close(file);
    path_ = pattern;
  }
  ~Lines() override { std::filesystem::remove(path_); }
  void write(const std::string& content) { std::ofstream(path_, std::ios::binary) << content; }
  void expect_refused(const std::string& reason) {
    EXPECT_THAT([&] { read_lines(path_); },
                ThrowsMessage<Error>(AllOf(HasSubstr(path_.string()), HasSubstr(reason))));
  }
  std::filesystem::path path_;
};

TEST_F(Lines, DropsLineEndsBlankLinesAndByteOrderMark) {
  write("\xEF\xBB\xBF\xEF\xBB\xBFone\r\n\r\n \t\n two \n\nthree");
  EXPECT_THAT(read_lines(path_), ElementsAre("\xEF\xBB\xBFone", " two ", "three"));
  EXPECT_THAT(read_lines(path_, 2), ElementsAre("\xEF\xBB\xBFone", " two "));
  write(std::string("a\0b\n", 4));
  EXPECT_THAT(read_lines(path_), ElementsAre(std::string("a\0b", 3)));
}

TEST_F(Lines, StreamCountsWhatItReadAndHandedOut) {
  write("\xEF\xBB\xBFone\r\n\ntwo\nthree\n");
  LineStream stream(path_, 2);
  EXPECT_EQ(stream.bytes(), 19);
  EXPECT_EQ(stream.next(), "one");
  EXPECT_EQ(stream.bytes_read(), 8);
  EXPECT_EQ(stream.next(), "two");
  EXPECT_EQ(stream.next(), std::nullopt);
  EXPECT_EQ(stream.lines(), 2);
  EXPECT_EQ(stream.bytes_read(), 13);
}

TEST_F(Lines, RefusesWhatHasNoLines) {
  write("");
  expect_refused("found none");
  write("\xEF\xBB\xBF\r\n\n \n");
  expect_refused("found none");
  EXPECT_THROW(read_lines(path_, -1), Error);
  std::filesystem::remove(path_);
  expect_refused("no such file");
  std::filesystem::create_directory(path_);
  expect_refused("folder");
}

}  // namespace
}  // namespace braid
