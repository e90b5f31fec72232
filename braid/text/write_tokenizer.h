// Writes tokenizer.json and tokenizer_config.json from a description; shared by all kinds.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "braid/text/tokenizer_description.h"

namespace braid {

// Token -> id, ordered by id.
nlohmann::ordered_json vocabulary_json(const Pieces& pieces);

// An added token without its id.
nlohmann::ordered_json added_token_json(const AddedToken& token);

// A tokenizer.json; `parts`: normalizer, pre_tokenizer, post_processor, decoder and model. Throws
// if the file cannot represent the id of an added token.
std::string tokenizer_json_text(const TokenizerDescription& description,
                                const nlohmann::ordered_json& parts);

// A tokenizer_config.json: `config` with the special tokens.
std::string tokenizer_config_text(const TokenizerDescription& description,
                                  nlohmann::ordered_json config);

}  // namespace braid
