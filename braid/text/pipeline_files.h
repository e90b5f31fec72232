// Writes the files of a TokenizerPipeline, readable as a PreTrainedTokenizerFast.
#pragma once

#include "braid/text/tokenizer.h"
#include "braid/text/tokenizer_description.h"

namespace braid {

TokenizerFiles write_pipeline(const PipelineDescription& description, const TokenTable& table);

}  // namespace braid
