// Describes how two tokenizers differ in reading text.
#pragma once

#include <string>

#include "braid/text/tokenizer.h"
#include "braid/text/tokenizer_description.h"

namespace braid {

// The reading of added tokens and the template, which all kinds have. `normalises`: does the
// tokenizer change text?
Reading reading_of(const Tokenizer& tokenizer, const TokenizerDescription& description,
                   bool normalises);
// The reading of the settings of one kind.
Reading reading_of(const WordPieceOptions& options);
Reading reading_of(const PipelineDescription& description);

// "do_lower_case is true in the first and false in the second"; empty if they read alike.
std::string difference_of_reading(const Tokenizer& first, const Tokenizer& second);
// The same for the special tokens that mask and join texts.
std::string difference_of_roles(const Tokenizer& first, const Tokenizer& second);

}  // namespace braid
