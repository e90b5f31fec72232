// Tokenizers of models that are still to be trained: made of tokens, learnt from a text, or another
// one's, perhaps a part of it.
#pragma once

#include "braid/text/tokenizer.h"

namespace braid {

// WordPiece as BERT's, of these tokens by id, the five special ones among them (Error).
std::unique_ptr<Tokenizer> word_piece_tokenizer(std::vector<std::string> tokens);

// `vocabulary`: "train" for word pieces learnt from the lines of `text`, at most `size` of them; or
// a vocab.txt; or a folder with a tokenizer of any kind. Error naming the file.
std::unique_ptr<Tokenizer> new_tokenizer(const std::string& vocabulary,
                                         const std::filesystem::path& text, std::int64_t size);

}  // namespace braid
