// Tokenizers for models to be trained: from a list of tokens, learnt from text, or an existing one.
#pragma once

#include "braid/text/tokenizer.h"

namespace braid {

// BERT's WordPiece with these tokens by id. Throws if one of the five special tokens is missing.
std::unique_ptr<Tokenizer> word_piece_tokenizer(std::vector<std::string> tokens);

// `vocabulary`: "train" to learn at most `size` word pieces from the lines of `text`; or a
// vocab.txt; or a folder with a tokenizer of any kind. Throws, naming the file.
std::unique_ptr<Tokenizer> new_tokenizer(const std::string& vocabulary,
                                         const std::filesystem::path& text, std::int64_t size);

}  // namespace braid
