// What training leaves: Hugging Face checkpoint folders with tokenizer, card and training.json.
#pragma once

#include "braid/checkpoint/checkpoint.h"
#include "braid/pipeline/train_folder.h"
#include "braid/text/tokenizer.h"

namespace braid {

// Error as write_checkpoint.
void write_pretrained(const std::filesystem::path& out, const nlohmann::json& config,
                      const TokenizerFiles& tokenizer, const PretrainOptions& options,
                      const Pretrained& trained, const FolderOptions& folder);

// The tokenizer is the one of the folder that `tuned.model` started from.
void write_finetuned(const std::filesystem::path& out, const Finetuned& tuned,
                     const FinetuneOptions& options, bool overwrite);

}  // namespace braid
