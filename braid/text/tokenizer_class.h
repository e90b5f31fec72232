// transformers' tokenizer classes (5.24). Most take only pieces and added tokens from a
// tokenizer.json and build the rest from their own options; one takes the whole file.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "braid/text/tokenizer_description.h"

namespace braid {

struct TokenizerFolder;

// A SequenceTemplate of roles, such as "sep_token".
struct RoleTemplate {
  std::vector<std::string> before, after, between;
  bool typed = false;
};

struct TokenizerClass {
  // Builds normalizer, pre_tokenizer, decoder and model from the options of the class.
  using Parts = void (*)(const TokenizerFolder& folder, PipelineDescription& description);

  std::string name;
  std::string model = {};     // "WordPiece", "BPE", "Unigram"; empty: takes the file as written
  bool reads_merges = false;  // vocab.json and merges.txt, if there is no tokenizer.json
  std::vector<std::pair<std::string, std::string>> roles = {};  // default special tokens
  Parts parts = nullptr;
  std::optional<RoleTemplate> form = std::nullopt;  // default: from add_bos_token, add_eos_token
  bool form_counts = false;  // overrides the post_processor of a tokenizer.json
  // Default extra special tokens.
  std::vector<std::string> (*extra)(const nlohmann::json& options,
                                    const std::string& source) = nullptr;
  bool mask_strips = false;     // default lstrip of the mask token
  bool plain_specials = false;  // ignores flags of special tokens

  bool as_written() const { return model.empty(); }
};

// The class of a folder with this tokenizer_config.json and, if not null, tokenizer.json. Throws on
// an unknown class or model_type.
const TokenizerClass& tokenizer_class_of(const std::filesystem::path& folder,
                                         const nlohmann::json& config,
                                         const nlohmann::json* tokenizer_json);

}  // namespace braid
