// CausalRun: what pretraining a causal model reads from files.
#pragma once

#include "braid/text/byte_level_bpe.h"
#include "braid/training/pretrain.h"

namespace braid {

// A text whose tokens are all of the vocabulary there is to be, and one to validate on; may be
// empty.
struct CausalFiles {
  std::string restrict_to, valid;
};

struct CausalRun {
  nlohmann::json config;  // with the vocabulary's size and end of text
  ByteLevelBpe tokenizer;
  std::vector<std::int64_t> ids;
  std::optional<TokenText> valid;
};

// Is it the config.json of a model that predicts next tokens?
bool is_causal(const nlohmann::json& config);

// GPT-2's usual training, where masked models have PretrainOptions' defaults.
PretrainOptions causal_defaults();

// `vocabulary`: a folder with a byte-level tokenizer. `block`: tokens a sequence of validation.
CausalRun read_causal_run(nlohmann::json config, const std::filesystem::path& vocabulary,
                          const std::filesystem::path& text, const CausalFiles& files,
                          std::int64_t block);

}  // namespace braid
