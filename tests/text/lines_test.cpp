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

TEST_F(Lines, WholeTextHasTheSameLines) {
  const std::string plain = "one\n\n two \nthree";
  for (const std::string& content :
       {plain, "\xEF\xBB\xBF" + plain, std::string("one\r\n\r\n two \r\nthree")}) {
    write(content);
    EXPECT_EQ(read_text(path_), plain);
    EXPECT_EQ(read_text(path_, 2), "one\n\n");
    EXPECT_EQ(read_text(path_, 9), plain);
    EXPECT_THAT(read_lines(path_), ElementsAre("one", " two ", "three"));
  }
  write("one\n");
  EXPECT_EQ(read_text(path_), "one\n");
}

TEST_F(Lines, RefusesWhatIsNotUtf8) {
  const auto refused = [&](const std::string& content, const std::string& reason) {
    write(content);
    expect_refused(reason);
    EXPECT_THAT([&] { read_text(path_); }, ThrowsMessage<Error>(HasSubstr(reason)));
  };
  refused(std::string("\xFF\xFEo\0n\0e\0\n\0", 10), "is UTF-16");
  refused(std::string("\xFE\xFF\0o\0n\0e\0\n", 10), "is UTF-16");
  refused(std::string("o\0n\0e\0\n\0", 8), "line 1 has a NUL byte");
  refused("one\ncaf\xE9\n", "line 2 is not UTF-8");
  refused("\x1F\x8B\b\n", "compressed (gzip), expected text in UTF-8; convert it first: gunzip");
  refused("PK\x03\x04", "a zip archive");
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
