// LLaMA (Touvron et al. 2023), Mistral (Jiang et al. 2023), Qwen2 (Yang et al. 2024) and Qwen3
// (Yang et al. 2025).
#include "braid/families/gated_decoder.h"

namespace braid {

extern const Family llama, mistral, qwen2, qwen3;

namespace {

GatedDecoder::Biases biases_of_llama(const JsonField& config) {
  const bool attention = config.boolean("attention_bias", false);
  return {attention, attention, config.boolean("mlp_bias", false)};
}
GatedDecoder::Biases biases_of_qwen2(const JsonField&) { return {.query_key_value = true}; }
GatedDecoder::Biases biases_of_qwen3(const JsonField& config) {
  const bool attention = config.boolean("attention_bias", false);
  return {attention, attention};
}

std::vector<std::int64_t> window_everywhere(const JsonField& config) {
  const JsonField window = config.at("sliding_window");
  if (window.json().is_null()) return {};
  return std::vector<std::int64_t>(
      static_cast<std::size_t>(config_layers(config.json(), "num_hidden_layers")),
      window.integer(1));
}

constexpr GatedDecoder of_llama = {.family = &llama, .biases = biases_of_llama};
constexpr GatedDecoder of_mistral = {.family = &mistral, .windows = window_everywhere};
constexpr GatedDecoder of_qwen2 = {
    .family = &qwen2, .biases = biases_of_qwen2, .windows = windows_by_layer};
constexpr GatedDecoder of_qwen3 = {.family = &qwen3,
                                   .biases = biases_of_qwen3,
                                   .windows = windows_by_layer,
                                   .query_key_norm = GatedDecoder::QueryKeyNorm::of_heads};

nlohmann::json qwen_defaults() {
  return {{"vocab_size", 151936},      {"max_position_embeddings", 32768},
          {"num_key_value_heads", 32}, {"use_sliding_window", false},
          {"sliding_window", 4096},    {"max_window_layers", 28}};
}

nlohmann::json qwen3_defaults() {
  nlohmann::json defaults = qwen_defaults();
  defaults.update({{"head_dim", 128}, {"attention_bias", false}});
  return defaults;
}

nlohmann::json qwen_sample() {
  return {{"num_attention_heads", 6}, {"num_key_value_heads", 2},   {"head_dim", 4},
          {"sliding_window", 5},      {"use_sliding_window", true}, {"max_window_layers", 1}};
}

Family with_token_classifier(Family family, const std::string& model) {
  family.parts.push_back({"token classifier", "score.", false, false,
                          linear_head(Predicts::token_label, Reads::tokens, GatedDecoder::score)});
  family.classes.push_back({model + "ForTokenClassification", {"token classifier"}});
  return family;
}

}  // namespace

const Family llama = family_of<of_llama>(with_token_classifier(
    GatedDecoder::base("llama", "LLaMA", "Llama",
                       {{"vocab_size", 32000},
                        {"max_position_embeddings", 2048},
                        {"attention_bias", false},
                        {"mlp_bias", false}},
                       {{"num_attention_heads", 4}, {"num_key_value_heads", 2}}),
    "Llama"));

const Family mistral = family_of<of_mistral>(with_token_classifier(
    GatedDecoder::base(
        "mistral", "Mistral", "Mistral",
        {{"vocab_size", 32000},
         {"max_position_embeddings", 131072},
         {"num_key_value_heads", 8},
         {"sliding_window", 4096}},
        {{"num_attention_heads", 3}, {"num_key_value_heads", 3}, {"sliding_window", 5}}),
    "Mistral"));

const Family qwen2 = family_of<of_qwen2>(with_token_classifier(
    GatedDecoder::base("qwen2", "Qwen2", "Qwen2", qwen_defaults(), qwen_sample()), "Qwen2"));

const Family qwen3 = family_of<of_qwen3>(with_token_classifier(
    GatedDecoder::base("qwen3", "Qwen3", "Qwen3", qwen3_defaults(), qwen_sample()), "Qwen3"));

}  // namespace braid
