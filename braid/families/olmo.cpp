// OLMo (Groeneveld et al. 2024), with norms without parameters, and OLMo 2 (OLMo et al. 2024), with
// norms on queries, keys and branch outputs.
#include "braid/error.h"
#include "braid/families/gated_decoder.h"

namespace braid {

extern const Family olmo, olmo2;

namespace {

GatedDecoder::Biases biases(const JsonField& config) {
  const bool attention = config.boolean("attention_bias", false);
  return {attention, attention};
}

// Clamping queries, keys and values would limit in-head maps to signs and quarter turns.
void check_clip(const JsonField& config) {
  require(!config.has("clip_qkv") || config.at("clip_qkv").json().is_null(),
          "config.json: clip_qkv is not supported");
}

constexpr GatedDecoder of_olmo = {
    .family = &olmo, .biases = biases, .check = check_clip, .norm = Norm::layer};
constexpr GatedDecoder of_olmo2 = {.family = &olmo2,
                                   .biases = biases,
                                   .query_key_norm = GatedDecoder::QueryKeyNorm::of_all,
                                   .norms_after = true};

nlohmann::json defaults() {
  return {{"vocab_size", 50304},
          {"max_position_embeddings", 2048},
          {"rms_norm_eps", 1e-5},
          {"attention_bias", false},
          {"pad_token_id", 1}};
}

const nlohmann::json sample = {{"num_attention_heads", 4}, {"num_key_value_heads", 2}};

}  // namespace

const Family olmo =
    family_of<of_olmo>(GatedDecoder::base("olmo", "OLMo", "Olmo", defaults(), sample));
const Family olmo2 =
    family_of<of_olmo2>(GatedDecoder::base("olmo2", "OLMo 2", "Olmo2", defaults(), sample));

}  // namespace braid
