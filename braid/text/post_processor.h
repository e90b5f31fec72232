// Post-processors of a tokenizer.json: what stands around the texts of a sequence.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "braid/text/sequence_template.h"
#include "braid/text/tokenizer_description.h"

namespace braid {

// Null marks nothing, and nor does ByteLevel, which is about offsets. Pairs that are no such
// template are none. Error naming what is not supported, or what is no token of `table`.
SequenceTemplate read_post_processor(const nlohmann::json& json, const TokenTable& table,
                                     const std::string& source);

// As transformers makes it of add_bos_token and add_eos_token.
SequenceTemplate mark_ends(std::optional<std::int64_t> bos, std::optional<std::int64_t> eos);

// Error where there are no pairs.
nlohmann::json write_post_processor(const SequenceTemplate& form, const TokenTable& table);

}  // namespace braid
