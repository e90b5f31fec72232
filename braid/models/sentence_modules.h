// A sentence-transformers folder: what stands behind the Transformer.
#pragma once

#include <filesystem>
#include <optional>

#include "braid/networks/heads.h"

namespace braid {

// modules.json: a Transformer, Pooling and perhaps Normalize; nothing where there is none, or a
// Transformer alone. Error naming the file where another module, or a setting of one, computes
// something else.
std::optional<SentencePooling> read_sentence_modules(const std::filesystem::path& folder);

}  // namespace braid
