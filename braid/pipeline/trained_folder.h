// Writes trained models as Hugging Face folders with tokenizer, model card and training.json.
#pragma once

#include "braid/checkpoint/checkpoint.h"
#include "braid/pipeline/train_folder.h"
#include "braid/text/tokenizer.h"

namespace braid {

// Throws as write_checkpoint does.
void write_pretrained(const std::filesystem::path& out, const nlohmann::json& config,
                      const TokenizerFiles& tokenizer, const PretrainOptions& options,
                      const Pretrained& trained, const FolderOptions& folder);

// Copies the tokenizer of the folder that `tuned.model` started from.
void write_finetuned(const std::filesystem::path& out, const Finetuned& tuned,
                     const FinetuneOptions& options, bool overwrite);

}  // namespace braid
