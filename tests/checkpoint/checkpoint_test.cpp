#include "braid/checkpoint/checkpoint.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "braid/checkpoint/atomic_file.h"
#include "braid/checkpoint/fingerprint.h"
#include "braid/checkpoint/interrupt.h"
#include "braid/checkpoint/output_claim.h"
#include "braid/checkpoint/safetensors.h"
#include "tests/checkpoint/temporary_folder.h"

namespace braid {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

const json kConfig = {{"model_type", "bert"}, {"hidden_size", 4}};

Tensors make_tensors() {
  return {{"a", at::arange(10, at::kFloat)},
          {"b", at::arange(20, at::kFloat)},
          {"c", at::ones({3}, at::kLong)},
          {"d", at::ones({7}, at::kByte)}};
}

class CheckpointTest : public TemporaryFolder {
 protected:
  fs::path out() const { return folder / "out"; }
  std::string error_loading() const {
    return error_of([&] { load_checkpoint(out()); });
  }
  void write_sharded() const {
    WriteOptions options;
    options.shard_size = 100;
    write_checkpoint(out(), kConfig, make_tensors(), {}, options);
  }
  void edit_index(const std::string& tensor, const std::string& file) const {
    const fs::path path = out() / "model.safetensors.index.json";
    json index = json::parse(read(path));
    if (file.empty()) {
      index["weight_map"].erase(tensor);
    } else {
      index["weight_map"][tensor] = file;
    }
    write("out/model.safetensors.index.json", index.dump());
  }
};

TEST_F(CheckpointTest, WritesAndLoads) {
  fs::create_directory(folder / "tokenizer");
  write("tokenizer/vocab.txt", "[PAD]\nx\n");
  write("tokenizer/tokenizer.json", "{}");
  write("tokenizer/model.safetensors", "not to be copied");
  WriteOptions options;
  options.files["README.md"] = "# card\n";
  write_checkpoint(out() / "", kConfig, make_tensors(), folder / "tokenizer", options);
  EXPECT_THAT(list(out()), ElementsAre("README.md", "config.json", "model.safetensors",
                                       "tokenizer.json", "vocab.txt"));
  EXPECT_EQ(read(out() / "vocab.txt"), "[PAD]\nx\n");
  EXPECT_THAT(list(folder), ElementsAre("out", "tokenizer"));
  const Checkpoint checkpoint = load_checkpoint(out());
  EXPECT_EQ(checkpoint.config, kConfig);
  EXPECT_EQ(fingerprint(checkpoint.tensors), fingerprint(make_tensors()));
  ASSERT_EQ(checkpoint.layout.size(), 1u);
  EXPECT_THAT(checkpoint.layout[0].tensors, ElementsAre("a", "b", "c", "d"));
}

TEST_F(CheckpointTest, AnAdapterBesideTheWeightsIsNotPassedOver) {
  write_checkpoint(out(), kConfig, make_tensors());
  write("out/adapter_config.json", R"({"peft_type": "LORA"})");
  EXPECT_THAT(error_loading(), HasSubstr("adapter_config.json"));
}

TEST_F(CheckpointTest, WhatDoesNotFitItsDtypeIsNotWritten) {
  const LazyTensors large = {
      {"w", {at::kHalf, {2}, [] { return at::full({2}, 1e5, at::kFloat).to(at::kHalf); }}}};
  EXPECT_THAT(error_of([&] { write_checkpoint(out(), kConfig, large, {}, {}); }),
              HasSubstr("w: a value is NaN or out of range for float16"));
  EXPECT_TRUE(list(folder).empty());
}

TEST_F(CheckpointTest, KeepsShards) {
  write_sharded();
  const Checkpoint checkpoint = load_checkpoint(out());
  ASSERT_EQ(checkpoint.layout.size(), 3u);
  EXPECT_EQ(checkpoint.layout[1].file, "model-00002-of-00003.safetensors");
  EXPECT_THAT(checkpoint.layout[1].tensors, ElementsAre("b"));
  EXPECT_THAT(checkpoint.layout[2].tensors, ElementsAre("c", "d"));
  const json index = json::parse(read(out() / "model.safetensors.index.json"));
  EXPECT_EQ(index["metadata"]["total_size"], 40 + 80 + 24 + 7);
  EXPECT_EQ(fingerprint(checkpoint.tensors), fingerprint(make_tensors()));

  WriteOptions options;
  options.layout = checkpoint.layout;
  Tensors changed = make_tensors();
  changed.erase("b");
  changed["e"] = at::zeros({1});
  write_checkpoint(folder / "kept", kConfig, changed, {}, options);
  const Layout kept = load_checkpoint(folder / "kept").layout;
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[0].file, "model-00001-of-00003.safetensors");
  EXPECT_THAT(kept[1].tensors, ElementsAre("c", "d", "e"));

  options.layout = {{"pytorch_model-00001-of-00002.bin", {"a"}}, {"../x.safetensors", {"b"}}};
  write_checkpoint(folder / "renamed", kConfig, make_tensors(), {}, options);
  EXPECT_EQ(load_checkpoint(folder / "renamed").layout[1].file, "model-00002-of-00002.safetensors");
}

TEST_F(CheckpointTest, NamesWhatIsMissing) {
  EXPECT_THAT(error_loading(), HasSubstr("not a folder"));
  write("out", "");
  EXPECT_THAT(error_loading(), HasSubstr("not a folder"));
  fs::remove(out());
  fs::create_directory(out());
  EXPECT_THAT(error_loading(), HasSubstr("config.json is missing"));
  write("out/config.json", "{} }");
  EXPECT_THAT(error_loading(), AllOf(HasSubstr("config.json"), HasSubstr("not valid JSON")));
  write("out/config.json", std::string(1'000'000, '['));
  EXPECT_THAT(error_loading(), HasSubstr("nested deeper"));
  write("out/config.json", "[]");
  EXPECT_THAT(error_loading(), HasSubstr("JSON object"));
  write("out/config.json", "{}");
  EXPECT_THAT(error_loading(), HasSubstr("no weights"));
  write("out/tf_model.h5", "");
  EXPECT_THAT(error_loading(), HasSubstr("found tf_model.h5, TensorFlow weights"));
  fs::create_symlink("../blobs/1", out() / "model.safetensors");
  EXPECT_THAT(error_loading(), HasSubstr("a link to ../blobs/1, which does not exist"));
}

TEST_F(CheckpointTest, ReadsWhatTheShardsHold) {
  const std::string second = "model-00002-of-00003.safetensors";
  write_sharded();
  edit_index("ghost", second);
  EXPECT_THAT(load_checkpoint(out()).absent, ElementsAre("ghost"));
  edit_index("ghost", "");
  edit_index("c", second);  // it is in the third
  const Checkpoint moved = load_checkpoint(out());
  EXPECT_TRUE(moved.tensors.contains("c"));
  EXPECT_THAT(moved.absent, ElementsAre());
  EXPECT_THAT(moved.layout.back().tensors, Contains("c"));
  edit_index("c", "model-00009-of-00009.safetensors");
  EXPECT_THAT(error_loading(), AllOf(HasSubstr("missing"), HasSubstr("model-00009")));
  for (const char* file : {"../out/x.safetensors", "/etc/passwd", ".safetensors", "config.json"}) {
    edit_index("c", file);
    EXPECT_THAT(error_loading(), HasSubstr("\"c\" is mapped to")) << file;
  }
  edit_index("c", "model-00003-of-00003.safetensors");
  EXPECT_EQ(error_loading(), "");
  Tensors twice = read_safetensors(out() / second);
  twice["a"] = make_tensors().at("a");
  write_safetensors(folder / "twice", twice);
  fs::rename(folder / "twice", out() / second);
  EXPECT_EQ(error_loading(), "");
  write_safetensors(out() / second, {{"a", at::zeros({1})}, {"b", at::zeros({1})}});
  EXPECT_THAT(error_loading(), AllOf(HasSubstr("in two shards"), HasSubstr("a (model-00001")));
  write("out/model.safetensors.index.json", R"({"weight_map":{"a":"x.safetensors","a":"y"}})");
  EXPECT_THAT(error_loading(), HasSubstr("duplicate key"));
  write("out/model.safetensors.index.json", R"({"weight_map":3})");
  EXPECT_THAT(error_loading(), HasSubstr("weight_map"));
}

TEST_F(CheckpointTest, ReplacesOnlyCheckpointsAndOnlyWhenTold) {
  const auto write_over = [&](bool overwrite) {
    return error_of([&] {
      WriteOptions options;
      options.overwrite = overwrite;
      write_checkpoint(out(), kConfig, make_tensors(), out(), options);
    });
  };
  fs::create_directory(out());
  EXPECT_EQ(write_over(false), "");  // an empty folder may be filled
  EXPECT_THAT(write_over(false), HasSubstr("not empty"));
  write("out/old", "");
  write("out/vocab.txt", "kept");
  EXPECT_EQ(write_over(true), "");
  EXPECT_THAT(list(out()), ElementsAre("config.json", "model.safetensors", "vocab.txt"));
  fs::create_directory(out() / ".git");
  EXPECT_THAT(write_over(true), HasSubstr("contains the folder .git"));
  fs::remove(out() / ".git");
  fs::rename(out() / "config.json", out() / "other.json");
  EXPECT_THAT(write_over(true), HasSubstr("not a checkpoint folder"));
  fs::remove_all(out());
  write("out", "a file");
  EXPECT_THAT(write_over(true), HasSubstr("not a folder"));
  EXPECT_EQ(read(out()), "a file");
  EXPECT_THAT(list(folder), ElementsAre("out"));
  EXPECT_THAT(error_of([&] { write_checkpoint(folder / "a" / "b", kConfig, Tensors()); }),
              HasSubstr("create it first"));
}

TEST_F(CheckpointTest, LeavesNothingWhenTheDiskIsFull) {
  write_file_atomically(folder / "result.json", "old");
  const Tensors large = {{"a", at::zeros({1'000'000})}};
  struct rlimit before {};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = signal(SIGXFSZ, SIG_IGN);
  struct rlimit small = before;
  small.rlim_cur = 100'000;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const std::string checkpoint = error_of([&] { write_checkpoint(out(), kConfig, large); });
  const std::string file =
      error_of([&] { write_file_atomically(folder / "result.json", std::string(200'000, 'x')); });
  setrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, handler);
  EXPECT_THAT(checkpoint, AllOf(HasSubstr("model.safetensors"), HasSubstr("File too large")));
  EXPECT_THAT(file, HasSubstr("result.json: cannot be written: File too large"));
  EXPECT_THAT(list(folder), ElementsAre("result.json"));
  EXPECT_EQ(read(folder / "result.json"), "old");
}

TEST_F(CheckpointTest, LeavesNothingOnAFullFileSystem) {
  const fs::path small = folder / "small";
  fs::create_directory(small);
  if (mount("braid", small.c_str(), "tmpfs", 0, "size=512k") != 0) {
    GTEST_SKIP() << "a small file system cannot be mounted here";
  }
  write_checkpoint(small / "out", kConfig, make_tensors());
  WriteOptions options;
  options.overwrite = true;
  const std::string error = error_of([&] {
    write_checkpoint(small / "out", kConfig, {{"a", at::zeros({1'000'000})}}, {}, options);
  });
  const auto left = list(small);
  const std::string kept = fingerprint(load_checkpoint(small / "out").tensors);
  EXPECT_EQ(umount2(small.c_str(), MNT_DETACH), 0);
  EXPECT_THAT(error, HasSubstr("4.0 MB needed, but only 0.5 MB are free"));
  EXPECT_THAT(left, ElementsAre("out"));
  EXPECT_EQ(kept, fingerprint(make_tensors()));
}

TEST_F(CheckpointTest, RefusesDevices) {
  if (access("/dev/full", W_OK) != 0) GTEST_SKIP() << "no /dev/full";
  EXPECT_THAT(error_of([] { write_file_atomically("/dev/full", "x"); }),
              HasSubstr("not a regular file"));
}

TEST_F(CheckpointTest, LeavesNothingWhenInterrupted) {
  set_interrupted(true);
  EXPECT_THROW(write_checkpoint(out(), kConfig, make_tensors()), Interrupted);
  EXPECT_THROW(write_file_atomically(folder / "x", "x"), Interrupted);
  set_interrupted(false);
  {
    AtomicFile file(folder / "x");
    file.write("x");
    set_interrupted(true);
    EXPECT_THROW(file.write("y"), Interrupted);
    EXPECT_THROW(file.commit(), Interrupted);
  }
  set_interrupted(false);
  EXPECT_TRUE(list(folder).empty());
}

// A child that gets the signal while it writes, or while it only computes.
TEST_F(CheckpointTest, EndsWith130OnSignals) {
  for (const int sent : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXCPU, SIGUSR1, SIGALRM}) {
    for (const bool writing : {true, false}) {
      const pid_t child = fork();
      if (child == 0) {
        signal(sent, SIG_DFL);  // ignored perhaps, behind a shell's &
        remove_partials_on_signal();
        try {
          const OutputClaim claim(out());
          if (!writing) raise(sent);
          AtomicFolder partial(out(), false);
          AtomicFile file(partial.path() / "x");
          raise(sent);
          for (;;) file.write("x");
        } catch (const Interrupted&) {
          _exit(130);
        }
      }
      int status = 0;
      ASSERT_EQ(waitpid(child, &status, 0), child);
      EXPECT_TRUE(WIFEXITED(status));
      EXPECT_EQ(WEXITSTATUS(status), 130);
      EXPECT_TRUE(list(folder).empty());
    }
  }
}

// What was ignored stays so (nohup), and a reader that went away is a failed write.
TEST_F(CheckpointTest, IgnoredSignalsAndBrokenPipesEndNothing) {
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGHUP, SIG_IGN);
    remove_partials_on_signal();
    raise(SIGHUP);
    raise(SIGPIPE);
    int ends[2];
    const bool made = pipe(ends) == 0 && close(ends[0]) == 0;
    _exit(made && ::write(ends[1], "x", 1) == -1 && errno == EPIPE ? 7 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

TEST_F(CheckpointTest, WritesFilesAtomically) {
  write_file_atomically(folder / "x", "one");
  fs::create_symlink("x", folder / "link");
  write_file_atomically(folder / "link", "two");
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(read(folder / "x"), "two");
  write_file_atomically(folder / "x", "");
  EXPECT_EQ(read(folder / "x"), "");
  EXPECT_THAT(error_of([&] { write_file_atomically(folder, "x"); }), HasSubstr("regular file"));
  EXPECT_THAT(error_of([&] { write_file_atomically(folder / "a/b", "x"); }),
              HasSubstr("create it first"));
  EXPECT_THAT(list(folder), ElementsAre("link", "x"));
  const fs::path before = fs::current_path();
  fs::current_path(folder);
  EXPECT_EQ(error_of([] { write_file_atomically("relative", "three"); }), "");
  EXPECT_EQ(error_of([] { write_checkpoint("checkpoint/", kConfig, make_tensors()); }), "");
  fs::current_path(before);
  EXPECT_THAT(list(folder), ElementsAre("checkpoint", "link", "relative", "x"));
}

TEST(FingerprintTest, DependsOnWhatTheTensorsAreOnly) {
  const at::Tensor x = at::arange(6, at::kFloat).reshape({2, 3});
  const std::string base = fingerprint({{"x", x}});
  EXPECT_EQ(base.size(), 32u);
  EXPECT_EQ(fingerprint({{"x", x.t().contiguous().t()}}), base);
  EXPECT_NE(fingerprint({{"y", x}}), base);
  EXPECT_NE(fingerprint({{"x", x.reshape({3, 2})}}), base);
  EXPECT_NE(fingerprint({{"x", x.to(at::kInt)}}), base);
  EXPECT_NE(fingerprint({{"x", x + 1}}), base);
  EXPECT_NE(fingerprint({{"x", x.view(at::kInt)}}), base);
  // XXH3-128 of no bytes, from the xxHash specification.
  EXPECT_EQ(fingerprint_text(""), "99aa06d3014798d86001c324468d497f");
}

}  // namespace
}  // namespace braid
