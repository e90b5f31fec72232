// What training leaves: Hugging Face checkpoint folders with tokenizer, card and training.json.
#pragma once

#include "braid/checkpoint/checkpoint.h"
#include "braid/training/finetune.h"
#include "braid/training/pretrain.h"

namespace braid {

// Names and contents of a tokenizer's files.
using TokenizerFiles = std::vector<std::pair<std::string, std::string>>;
TokenizerFiles word_piece_files(const std::vector<std::string>& vocabulary);

// Tokens of a vocab.txt, by id. Error naming the file.
std::vector<std::string> read_vocabulary(const std::filesystem::path& file);

// Error as write_checkpoint. `dtype`: of the weights.
void write_pretrained(const std::filesystem::path& out, const nlohmann::json& config,
                      const TokenizerFiles& tokenizer, const PretrainOptions& options,
                      const Pretrained& trained, at::ScalarType dtype, bool overwrite);

// The tokenizer is the one of the folder that `tuned.model` started from.
void write_finetuned(const std::filesystem::path& out, const Finetuned& tuned,
                     const FinetuneOptions& options, bool overwrite);

}  // namespace braid
