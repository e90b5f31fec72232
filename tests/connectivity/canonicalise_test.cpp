// A canonical form comes out proved or not at all.
#include <gmock/gmock.h>

#include "braid/connectivity/proved_models.h"
#include "braid/error.h"
#include "braid/networks/network.h"
#include "tests/checkpoint/temporary_folder.h"
#include "tests/models/small_bert.h"
#include "tests/models/small_gpt2.h"

namespace braid {
namespace {

TEST(CanonicaliseTest, EveryClassOfEveryFamilyIsProved) {
  for (const Family* family : families()) {
    for (const ModelClass& kind : family->classes) {
      nlohmann::json config = family->sample;
      config["architectures"] = {kind.name};
      const Canonical canonical = canonicalise(random_model(config, 2));
      EXPECT_LT(canonical.proof.relative(), 1e-10) << kind.name;
      EXPECT_EQ(canonical.proof.sequences, 4);
    }
  }
}

// A family that knows itself wrongly: its canonical form is another function.
TEST(CanonicaliseTest, AWrongFormIsRefused) {
  Model model = SmallGpt2{}.model();
  Family wrong = *model.family;
  wrong.folds = [](const nlohmann::json& config) {
    std::vector<Fold> folds = find_family(config, "wrong").folds(config);
    std::swap(folds[0].readers, folds[1].readers);  // the norms of attention and FFN
    return folds;
  };
  model.family = &wrong;
  EXPECT_THAT(error_of([&] { canonicalise(model); }),
              ::testing::HasSubstr("its canonical form differs"));
}

}  // namespace
}  // namespace braid
