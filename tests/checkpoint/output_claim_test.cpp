#include "braid/checkpoint/output_claim.h"

#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "braid/checkpoint/atomic_file.h"
#include "tests/checkpoint/temporary_folder.h"

namespace braid {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

class OutputClaimTest : public TemporaryFolder {
 protected:
  static std::string refused(const FilePlan& plan) {
    return error_of([&] { plan.check(); });
  }
  static std::string claimed(const fs::path& path) {
    return error_of([&] { OutputClaim claim(path); });
  }
};

TEST_F(OutputClaimTest, NoInputIsReplaced) {
  fs::create_directory(folder / "a");
  write("a/config.json", "{}");
  write("text", "x");
  fs::create_directory_symlink("a", folder / "link");
  fs::create_hard_link(folder / "text", folder / "same");
  fs::create_hard_link(folder / "a/config.json", folder / "blob");
  const auto read = HasSubstr("would replace an input");
  for (const fs::path& out :
       {folder / "a", folder / "a/", folder / "." / "a" / ".." / "a", folder / "link"}) {
    EXPECT_THAT(refused({{"", folder / "a"}, {{out, Place::checkpoint}}, true}), read) << out;
  }
  EXPECT_THAT(refused({{folder / "link"}, {{folder / "a", Place::checkpoint}}, true}), read);
  EXPECT_THAT(refused({{folder / "text"}, {{folder / "same"}}}), read);
  EXPECT_THAT(refused({{folder / "a/config.json"}, {{folder / "a", Place::checkpoint}}, true}),
              HasSubstr("a/config.json inside it"));
  EXPECT_THAT(refused({{folder / "a"}, {{folder / "blob"}}}), HasSubstr("would change the input"));
  EXPECT_THAT(refused({{folder / "a"}, {{folder / "a/vocab.txt"}}}),
              HasSubstr("would change the input"));
  EXPECT_THAT(refused({{folder / "text"}, {{folder, Place::folder, {"t*"}}}}),
              HasSubstr("text inside it"));
  EXPECT_EQ(refused({{folder / "a", folder / "missing", folder / "text"},
                     {{folder / "b", Place::checkpoint},
                      {folder / "a/x.state.safetensors"},
                      {folder, Place::folder, {"*.svg"}}},
                     true}),
            "");
}

TEST_F(OutputClaimTest, NoOutputTakesAnotherAway) {
  const fs::path m = folder / "m";
  EXPECT_THAT(refused({{}, {{m, Place::checkpoint}, {folder / "." / "m"}}}),
              HasSubstr("two outputs would be written there"));
  EXPECT_THAT(refused({{}, {{m, Place::checkpoint}, {m / "deep/er", Place::folder}}}),
              HasSubstr("is inside another"));
  EXPECT_THAT(refused({{}, {{folder / "x.svg"}, {folder, Place::folder, {"*.svg"}}}}),
              HasSubstr("x.svg: this output is inside another"));
  EXPECT_EQ(
      refused({{}, {{folder / "x"}, {folder, Place::folder, {"*.svg"}}, {m, Place::checkpoint}}}),
      "");
}

TEST_F(OutputClaimTest, AFileIsReplacedOnlyWhenTold) {
  const fs::path path = write("old", "kept");
  EXPECT_THAT(refused({{}, {{path, Place::new_file}}}),
              HasSubstr("already exists; choose another path or pass `overwrite`"));
  EXPECT_EQ(refused({{}, {{path, Place::new_file}}, true}), "");
  EXPECT_EQ(refused({{}, {{path}, {folder / "new", Place::new_file}}}), "");
  EXPECT_FALSE(fs::exists(folder / "new"));
}

TEST_F(OutputClaimTest, APipeIsNoInput) {
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(refused({{folder / "pipe"}, {}}), HasSubstr("a pipe cannot be read twice"));
  EXPECT_THAT(refused({{"/dev/null"}, {}}), HasSubstr("a device cannot be read twice"));
}

TEST_F(OutputClaimTest, OneAtATime) {
  const fs::path out = folder / "out";
  {
    const OutputClaim held(out);
    EXPECT_THAT(claimed(out), HasSubstr("being written by another run"));
    EXPECT_THAT(claimed(folder / "." / "out"), HasSubstr("being written by another run"));
    EXPECT_EQ(claimed(folder / "other"), "");
  }
  EXPECT_EQ(claimed(out), "");
  // A process that is killed holds nothing any longer.
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const OutputClaim held(out);
    if (::write(ready[1], "x", 1) == 1) pause();
    _exit(0);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_THAT(claimed(out), HasSubstr("being written by another run"));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_EQ(claimed(out), "");
}

TEST_F(OutputClaimTest, WhatCannotBeWrittenIsFoundBefore) {
  EXPECT_THAT(refused({{}, {{folder / "none" / "x"}}}),
              HasSubstr("is not a folder; create it first"));
  const fs::path small = folder / "small";
  fs::create_directory(small);
  if (mount("braid", small.c_str(), "tmpfs", MS_RDONLY, "size=512k") != 0) {
    GTEST_SKIP() << "a file system cannot be mounted here";
  }
  EXPECT_THAT(refused({{}, {{small / "x"}}}),
              AllOf(HasSubstr("cannot be written"), HasSubstr("Read-only")));
  EXPECT_THAT(refused({{}, {{small / "x", Place::checkpoint}}}), HasSubstr("Read-only"));
  EXPECT_THAT(error_of([&] { require_space(small / "x", 600'000); }),
              HasSubstr("0.6 MB needed, but only 0.5 MB are free"));
  EXPECT_EQ(error_of([&] { require_space(small / "x", 400'000); }), "");
  EXPECT_EQ(umount2(small.c_str(), MNT_DETACH), 0);
}

TEST(StateBesideTest, DoesNotDependOnATrailingSlash) {
  for (const char* out : {"runs/one", "runs/one/", "runs/one//"}) {
    EXPECT_EQ(state_beside(out, "heal"), "runs/one.heal.safetensors") << out;
  }
}

}  // namespace
}  // namespace braid
