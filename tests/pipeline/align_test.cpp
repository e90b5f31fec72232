// An alignment of the library is enough: it applies, and it says how to make it again.
#include "braid/pipeline/align.h"

#include <gmock/gmock.h>

#include <fstream>

#include "braid/connectivity/proved_models.h"
#include "braid/pipeline/transform.h"
#include "tests/checkpoint/temporary_folder.h"
#include "tests/project_folder.h"

namespace braid {
namespace {

const std::filesystem::path embedded = in_project("examples/embedded");
const std::string lines_file = in_project("examples/library/lines.txt");

class AlignTest : public TemporaryFolder {
 protected:
  const Model a = load_model(embedded / "bert-1"), b = load_model(embedded / "bert-2");
};

nlohmann::json without_seconds(const Alignment& alignment) {
  nlohmann::json json = to_json(alignment);
  for (auto& axis : json["axes"]) axis.erase("seconds");
  return json;
}

AlignRequest unusual() {
  AlignRequest request;
  request.text = lines_file;
  request.method = "both";
  request.in_head = InHead::orthogonal;
  request.starts = 2;
  request.seed = 7;
  request.batch_size = 3;
  request.max_length = 24;
  request.drop_special = true;
  return request;
}

TEST_F(AlignTest, SaysHowToMakeItAgainBitForBit) {
  const Compute compute{.dtype = at::kBFloat16, .threads = 2};
  const Alignment made = align(a, b, resolve(unusual(), a), compute);
  const auto file = folder / "ab.alignment";
  save_alignment(file, made);
  Alignment loaded = load_alignment(file);
  loaded.options["device"] = "cpu";  // as 0.1 wrote it
  auto [request, again] = request_of(loaded);
  EXPECT_EQ(again.dtype, at::kBFloat16);
  EXPECT_EQ(request.seed, 7);
  EXPECT_EQ(request.starts, 2);
  EXPECT_EQ(request.batch_size, 3);
  request.text = lines_file;
  again.threads = 1;
  EXPECT_EQ(without_seconds(align(a, b, resolve(request, a), again)).dump(),
            without_seconds(made).dump());
}

TEST_F(AlignTest, GivesAFileThatApplies) {
  const auto file = folder / "ab.alignment";
  AlignRequest request;
  request.text = lines_file;
  save_alignment(file, align(a, b, resolve(request, a), {}));
  const Alignment loaded = load_alignment(file);
  EXPECT_NO_THROW(require_made_for(loaded, a, b, file.string()));
  const Difference found = prove(b, loaded, random_sequences(b, 2, 1), {});
  EXPECT_LT(found.relative(), 1e-12);
  EXPECT_THAT([&] { require_made_for(loaded, b, a, "ab"); },
              ::testing::ThrowsMessage<Error>(::testing::HasSubstr("fingerprint")));
}

// What text showed is of its tokens: with another tokenizer or configuration it is not theirs.
TEST_F(AlignTest, MomentsAreOfWhatReadTheText) {
  for (const char* name : {"bert-1", "bert-2"}) {
    std::filesystem::copy(embedded / name, folder / name);
  }
  AlignRequest request;
  request.text = lines_file;
  request.moments = (folder / "ab.moments").string();
  const auto align_folders = [&](const AlignRequest& asked) {
    const Model first = load_model(folder / "bert-1"), second = load_model(folder / "bert-2");
    return align(first, second, resolve(asked, first), {});
  };
  align_folders(request);
  AlignRequest again;
  again.from_moments = {request.moments};
  EXPECT_NO_THROW(align_folders(again));
  for (const char* name : {"bert-1", "bert-2"}) {
    const auto file = folder / name / "tokenizer_config.json";
    nlohmann::json settings = nlohmann::json::parse(std::ifstream(file));
    settings["do_lower_case"] = !settings.value("do_lower_case", true);
    std::ofstream(file) << settings;
  }
  EXPECT_THAT([&] { align_folders(again); },
              ::testing::ThrowsMessage<Error>(::testing::HasSubstr("observe these models")));
}

}  // namespace
}  // namespace braid
