// Post-processors of a tokenizer.json, which add special tokens around the texts of a sequence.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "braid/text/sequence_template.h"
#include "braid/text/tokenizer_description.h"

namespace braid {

// Null adds nothing, nor does ByteLevel, which is about offsets. A pair template that does not fit
// a SequenceTemplate gives none for pairs. Throws on unsupported parts and tokens not in `table`.
SequenceTemplate read_post_processor(const nlohmann::json& json, const TokenTable& table,
                                     const std::string& source);

// The template that transformers builds from add_bos_token and add_eos_token.
SequenceTemplate mark_ends(std::optional<std::int64_t> bos, std::optional<std::int64_t> eos);

// Throws if the template has no pairs.
nlohmann::json write_post_processor(const SequenceTemplate& form, const TokenTable& table);

}  // namespace braid
