// Modules of a sentence-transformers folder after the Transformer.
#pragma once

#include <filesystem>
#include <optional>

#include "braid/networks/heads.h"

namespace braid {

// Reads modules.json: a Transformer, Pooling and optionally Normalize; nullopt if there is none, or
// only a Transformer. Error naming the file for unsupported modules or settings.
std::optional<SentencePooling> read_sentence_modules(const std::filesystem::path& folder);

}  // namespace braid
