// The parts of read_tokenizer, one per kind of model.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "braid/text/tokenizer_settings.h"

namespace braid {

struct TokenizerFolder {
  std::filesystem::path path;
  std::optional<nlohmann::json> json;  // tokenizer.json
  TokenizerSettings settings;
};

WordPieceDescription read_word_piece(const TokenizerFolder& folder);
PipelineDescription read_pipeline(const TokenizerFolder& folder);

// Adds special and added tokens to a description that has its pieces.
void add_special_tokens(const TokenizerFolder& folder, TokenizerDescription& description);

}  // namespace braid
