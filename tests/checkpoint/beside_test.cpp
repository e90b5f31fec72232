#include "braid/checkpoint/beside.h"

#include <gmock/gmock.h>

#include "braid/checkpoint/checkpoint.h"
#include "braid/notice.h"
#include "tests/checkpoint/temporary_folder.h"

namespace braid {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

using BesideTest = TemporaryFolder;

TEST_F(BesideTest, CopiesWhatBelongsToTheModel) {
  const fs::path out = folder / "out";
  const nlohmann::json config = {{"model_type", "bert"}};
  const Tensors tensors = {{"a", at::zeros({3})}};
  for (const char* inside : {"from", "from/1_Pooling", "from/2_Dense", "from/onnx", "from/notes",
                             "from/checkpoint-5", "from/.cache"}) {
    fs::create_directory(folder / inside);
  }
  write("from/modules.json", R"([{"path": ""}, {"path": "1_Pooling"}, {"path": "2_Dense"}])");
  for (const char* file : {"vocab.txt",
                           "generation_config.json",
                           "chat_template.jinja",
                           "1_Pooling/config.json",
                           "2_Dense/model.safetensors",
                           "notes/read.txt",
                           "config.json",
                           "README.md",
                           "model.safetensors",
                           "model.safetensors.index.json",
                           "tf_model.h5",
                           "optimizer.pt",
                           "training_args.bin",
                           "trainer_state.json",
                           "onnx/model.onnx",
                           "checkpoint-5/vocab.txt",
                           ".gitattributes",
                           ".cache/x",
                           "eval_results.json",
                           "all_results.json",
                           "train.log",
                           "environment.yml",
                           "requirements.txt",
                           "data.tsv",
                           "training.json",
                           "LICENSE",
                           "merges.txt",
                           "spiece.model",
                           "modeling_own.py",
                           "train.py"}) {
    write("from/" + std::string(file), "theirs");
  }
  fs::create_symlink("nowhere", folder / "from" / "dead.txt");
  std::vector<std::string> said;
  send_notices([&](const std::string& text) { said.push_back(text); });
  WriteOptions options;
  options.files["vocab.txt"] = "ours";
  write_checkpoint(out, config, tensors, folder / "from", options);
  send_notices({});
  EXPECT_THAT(list(out),
              ElementsAre("1_Pooling", "2_Dense", "LICENSE", "chat_template.jinja", "config.json",
                          "generation_config.json", "merges.txt", "model.safetensors",
                          "modules.json", "spiece.model", "vocab.txt"));
  EXPECT_EQ(read(out / "vocab.txt"), "ours");
  EXPECT_EQ(read(out / "2_Dense" / "model.safetensors"), "theirs");
  EXPECT_EQ(read(out / "1_Pooling" / "config.json"), "theirs");
  EXPECT_THAT(said, ElementsAre(AllOf(HasSubstr("from: not copied"), HasSubstr("all_results.json"),
                                      HasSubstr("checkpoint-5/"), HasSubstr("more"))));
  options.overwrite = true;
  fs::create_directory(out / "notes");
  const auto again = [&] {
    return error_of([&] { write_checkpoint(out, config, tensors, {}, options); });
  };
  EXPECT_THAT(again(), HasSubstr("contains the folder notes"));  // nobody knows whose
  fs::remove_all(out / "notes");
  EXPECT_EQ(again(), "");
}

// Code belongs to a model whose configuration names classes of its own.
TEST_F(BesideTest, CodeOfTheModel) {
  fs::create_directory(folder / "a");
  write("a/modeling_own.py", "");
  write("a/config.json", "{}");
  EXPECT_THAT(files_beside(folder / "a").left, ElementsAre("modeling_own.py"));
  write("a/config.json", R"({"auto_map": {"AutoModel": "modeling_own.Own"}})");
  EXPECT_THAT(files_beside(folder / "a").files, ElementsAre(fs::path("modeling_own.py")));
}

// A path in modules.json leads nowhere else.
TEST_F(BesideTest, StaysInTheFolder) {
  write("secret.bin", "");
  fs::create_directory(folder / "a");
  fs::create_directory(folder / "a" / "inside");
  fs::create_directory_symlink(folder, folder / "a" / "link");
  for (const char* modules : {R"([{"path": "../"}])", R"([{"path": "link"}])",
                              R"([{"path": 3}, 4])", R"({"path": "inside"})"}) {
    write("a/modules.json", modules);
    const Beside found = files_beside(folder / "a");
    EXPECT_THAT(found.files, ElementsAre(fs::path("modules.json"))) << modules;
    EXPECT_THAT(found.left, ElementsAre("inside/", "link/")) << modules;
  }
}

}  // namespace
}  // namespace braid
