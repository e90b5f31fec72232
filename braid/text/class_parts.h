// The components that transformers' tokenizer classes build from their options; see
// TokenizerClass::Parts.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "braid/text/tokenizer_description.h"

namespace braid {

struct TokenizerFolder;

void gpt2_parts(const TokenizerFolder& folder, PipelineDescription& description);
void gpt_neox_parts(const TokenizerFolder& folder, PipelineDescription& description);
void qwen2_parts(const TokenizerFolder& folder, PipelineDescription& description);
void llama_parts(const TokenizerFolder& folder, PipelineDescription& description);
void gemma_parts(const TokenizerFolder& folder, PipelineDescription& description);
void t5_parts(const TokenizerFolder& folder, PipelineDescription& description);
void xlm_roberta_parts(const TokenizerFolder& folder, PipelineDescription& description);
void camembert_parts(const TokenizerFolder& folder, PipelineDescription& description);
void albert_parts(const TokenizerFolder& folder, PipelineDescription& description);
void deberta_v2_parts(const TokenizerFolder& folder, PipelineDescription& description);

std::vector<std::string> t5_extra(const nlohmann::json& options, const std::string& source);
std::vector<std::string> camembert_extra(const nlohmann::json& options, const std::string& source);

}  // namespace braid
