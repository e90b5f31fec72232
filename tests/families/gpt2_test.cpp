// GPT-2's table: counts and patterns as published, refusals.
#include "braid/families/families.h"

#include <gmock/gmock.h>

#include "braid/error.h"

namespace braid {
namespace {

// Every size is GPT-2 small's when config.json does not say.
const nlohmann::json small = {{"model_type", "gpt2"}};

Symmetries describe(const nlohmann::json& config, const Parts& parts = {}) {
  return find_family(config, "config.json").describe(config, parts);
}

// The count that Hugging Face prints for gpt2.
TEST(Gpt2TableTest, CountsThePublishedParameters) {
  EXPECT_EQ(describe(small).parameters(), 124439808);
}

TEST(Gpt2TableTest, HasTheDocumentedPatterns) {
  const Symmetries table = describe(small);
  const auto pattern = [&](const std::string& name) {
    return format_pattern(table.tensors.at(name));
  };
  EXPECT_EQ(pattern("h.3.attn.c_attn.weight"),
            "x' (layer.3.head layer.3.qk | layer.3.head layer.3.qk' | layer.3.head layer.3.ov)");
  EXPECT_EQ(pattern("h.3.mlp.c_proj.weight"), "layer.3.ffn' x");
  EXPECT_EQ(pattern("h.3.ln_2.weight"), "=x");
  EXPECT_EQ(table.axis("x").group, Group::permutation);
}

TEST(Gpt2TableTest, GainsOfOneFreeTheResidualStream) {
  const Symmetries table = describe(small, {{}, true});
  EXPECT_EQ(table.axis("x").group, Group::centred_orthogonal);
  EXPECT_EQ(format_pattern(table.tensors.at("h.3.ln_2.weight")), "_768");
}

TEST(Gpt2TableTest, RefusesConfigurationsItDoesNotUnderstand) {
  const auto with = [](const char* key, const nlohmann::json& value) {
    nlohmann::json config = small;
    config[key] = value;
    describe(config);
    find_family(config, "config").network(config, {});
  };
  EXPECT_THROW(with("n_embd", 770), Error);  // not a multiple of the heads
  EXPECT_THROW(with("scale_attn_weights", "no"), Error);
  EXPECT_THROW(with("add_cross_attention", true), Error);
  EXPECT_THROW(with("add_cross_attention", "no"), Error);
  EXPECT_THROW(with("tie_word_embeddings", nullptr), Error);
  EXPECT_THROW(with("n_layer", 1 << 20), Error);  // a table of a million layers
}

}  // namespace
}  // namespace braid
