// What two tokenizers read otherwise, in words.
#pragma once

#include <string>

#include "braid/text/tokenizer.h"
#include "braid/text/tokenizer_description.h"

namespace braid {

// Of the added tokens and the template, which all kinds have. `normalises`: does it change text?
Reading reading_of(const Tokenizer& tokenizer, const TokenizerDescription& description,
                   bool normalises);
// Of what the kinds have of their own.
Reading reading_of(const WordPieceOptions& options);
Reading reading_of(const PipelineDescription& description);

// "do_lower_case is true in the first and false in the second"; empty where they read alike.
std::string difference_of_reading(const Tokenizer& first, const Tokenizer& second);
// The same of the special tokens that texts are masked and joined by.
std::string difference_of_roles(const Tokenizer& first, const Tokenizer& second);

}  // namespace braid
