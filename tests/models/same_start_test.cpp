// Models that share an initialisation are told from those that do not.
#include "braid/models/same_start.h"

#include <gmock/gmock.h>

#include "braid/symmetry/transform.h"
#include "tests/models/small_bert.h"

namespace braid {
namespace {

TEST(SameStartTest, IsSeenInWeightsOfEqualNames) {
  for (const Family* family : families()) {
    const Model a = random_model(family->sample, 1), b = random_model(family->sample, 2);
    EXPECT_FALSE(likeness(a, b).is_shared_start()) << family->title;
    // Trained apart from one start: what they share is a fifth of each.
    Model c = a, d = a;
    for (const auto& [name, tensor] : a.parameters) {
      c.parameters[name] = tensor + 2 * b.parameters.at(name);
      d.parameters[name] = tensor - 2 * b.parameters.at(name).flip(0);
    }
    EXPECT_TRUE(likeness(c, d).is_shared_start()) << family->title;
    EXPECT_NEAR(likeness(a, a).mean, 1, 1e-12);
    Random random(3);
    Model moved = a;
    moved.parameters =
        transform_parameters(a.symmetries, a.parameters, random_transform(a.symmetries, random));
    EXPECT_FALSE(likeness(a, moved).is_shared_start()) << family->title;
  }
}

TEST(SameStartTest, EmbeddingsAndNormsDoNotCount) {
  const Model a = SmallBert{.seed = 1}.model();
  Model b = SmallBert{.seed = 2}.model();
  for (auto& [name, tensor] : b.parameters) {
    if (tensor.dim() == 1 || name.starts_with("embeddings.")) tensor = a.parameters.at(name);
  }
  EXPECT_FALSE(likeness(a, b).is_shared_start());
}

}  // namespace
}  // namespace braid
