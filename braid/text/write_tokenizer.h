// What the writers of tokenizers share: tokenizer.json and tokenizer_config.json from a
// description.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "braid/text/tokenizer_description.h"

namespace braid {

// Token -> id, in the order of ids.
nlohmann::ordered_json vocabulary_json(const Pieces& pieces);

// What an added token is, but its id.
nlohmann::ordered_json added_token_json(const AddedToken& token);

// A tokenizer.json; `parts` has its normalizer, pre_tokenizer, post_processor, decoder and model.
// Error where an added token has an id that such a file does not hold.
std::string tokenizer_json_text(const TokenizerDescription& description,
                                const nlohmann::ordered_json& parts);

// A tokenizer_config.json: `config` and the special tokens.
std::string tokenizer_config_text(const TokenizerDescription& description,
                                  nlohmann::ordered_json config);

}  // namespace braid
