// transformers' classes of tokenizers (5.24), which take no more of a tokenizer.json than its
// pieces and added tokens and make the rest by their own options; and that which takes all of it.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "braid/text/tokenizer_description.h"

namespace braid {

struct TokenizerFolder;

// A SequenceTemplate of roles: "sep_token".
struct RoleTemplate {
  std::vector<std::string> before, after, between;
  bool typed = false;
};

struct TokenizerClass {
  // What the class makes of its options: normalizer, pre_tokenizer, decoder and model.
  using Parts = void (*)(const TokenizerFolder& folder, PipelineDescription& description);

  std::string name;
  std::string model = {};     // "WordPiece", "BPE", "Unigram"; empty: takes all as written
  bool reads_merges = false;  // vocab.json and merges.txt, where there is no tokenizer.json
  std::vector<std::pair<std::string, std::string>> roles = {};  // tokens that go without saying
  Parts parts = nullptr;
  std::optional<RoleTemplate> form = std::nullopt;  // none: by add_bos_token and add_eos_token
  bool form_counts = false;  // even where a tokenizer.json has a post_processor
  // Special tokens that it has unless it is told others.
  std::vector<std::string> (*extra)(const nlohmann::json& options,
                                    const std::string& source) = nullptr;
  bool mask_strips = false;     // white space on its left, unless it is told otherwise
  bool plain_specials = false;  // whatever flags they are given

  bool as_written() const { return model.empty(); }
};

// Of the folder with this tokenizer_config.json and, if it is not null, tokenizer.json. Error
// naming a class or model_type that is not known.
const TokenizerClass& tokenizer_class_of(const std::filesystem::path& folder,
                                         const nlohmann::json& config,
                                         const nlohmann::json* tokenizer_json);

}  // namespace braid
