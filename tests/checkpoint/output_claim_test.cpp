#include "braid/checkpoint/output_claim.h"

#include <gmock/gmock.h>
#include <sys/mount.h>
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
  std::string file(const fs::path& path, const OutputPlan& plan = {}) {
    return error_of([&] { OutputClaim::file(path, plan); });
  }
  std::string folder_at(const fs::path& path, const OutputPlan& plan = {}) {
    return error_of([&] { OutputClaim::folder(path, plan); });
  }
};

TEST_F(OutputClaimTest, NoInputIsReplaced) {
  fs::create_directory(folder / "a");
  write("a/config.json", "{}");
  write("text", "x");
  fs::create_directory_symlink("a", folder / "link");
  fs::create_hard_link(folder / "text", folder / "same");
  for (const fs::path& out :
       {folder / "a", folder / "a/", folder / "." / "a" / ".." / "a", folder / "link"}) {
    EXPECT_THAT(folder_at(out, {true, {"", folder / "a"}}), HasSubstr("is read for this")) << out;
  }
  EXPECT_THAT(folder_at(folder / "a", {true, {folder / "link"}}), HasSubstr("is read for this"));
  EXPECT_THAT(file(folder / "same", {true, {folder / "text"}}), HasSubstr("is read for this"));
  EXPECT_EQ(folder_at(folder / "b", {true, {folder / "a", folder / "missing"}}), "");
}

TEST_F(OutputClaimTest, AFileIsReplacedOnlyWhenTold) {
  const fs::path path = write("old", "kept");
  EXPECT_THAT(file(path), HasSubstr("is there; choose another file, or `overwrite` it"));
  EXPECT_EQ(file(path, {true, {}}), "");
  EXPECT_EQ(file(folder / "new"), "");
  EXPECT_FALSE(fs::exists(folder / "new"));
}

TEST_F(OutputClaimTest, OneAtATime) {
  const fs::path out = folder / "out";
  {
    const OutputClaim held = OutputClaim::folder(out, {});
    EXPECT_THAT(folder_at(out), HasSubstr("another run is at work on it"));
    EXPECT_THAT(file(folder / "." / "out"), HasSubstr("another run is at work on it"));
    EXPECT_EQ(folder_at(folder / "other"), "");
  }
  EXPECT_EQ(folder_at(out), "");
  // A process that is killed holds nothing any longer.
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const OutputClaim held = OutputClaim::folder(out, {});
    if (::write(ready[1], "x", 1) == 1) pause();
    _exit(0);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_THAT(folder_at(out), HasSubstr("another run is at work on it"));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_EQ(folder_at(out), "");
}

TEST_F(OutputClaimTest, WhatCannotBeWrittenIsFoundBefore) {
  EXPECT_THAT(file(folder / "none" / "x"), HasSubstr("is not a folder; create it first"));
  const fs::path small = folder / "small";
  fs::create_directory(small);
  if (mount("braid", small.c_str(), "tmpfs", MS_RDONLY, "size=512k") != 0) {
    GTEST_SKIP() << "a file system cannot be mounted here";
  }
  EXPECT_THAT(file(small / "x"), AllOf(HasSubstr("cannot be written"), HasSubstr("Read-only")));
  EXPECT_THAT(folder_at(small / "x"), HasSubstr("Read-only"));
  EXPECT_THAT(error_of([&] { require_space(small / "x", 600'000); }),
              HasSubstr("0.6 MB are to be written, but only 0.5 MB are free"));
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
