// Identity of a checkpoint, for provenance and cache keys.
#pragma once

#include "braid/models/model.h"

namespace braid {

// {"path", "fingerprint" of the tensors as stored, "reads", and "table" of a model with a table}.
// "reads" is the fingerprint of everything else that affects the output for a text: configuration,
// sentence-transformers modules, tokenizer files.
nlohmann::json identify(const Model& model);

// Fingerprint of its table, expanded for this checkpoint; empty without a table.
std::string table_fingerprint(const Model& model);

// Of the names and contents of a folder's tokenizer files; equal for all folders without any.
std::string tokenizer_fingerprint(const std::filesystem::path& folder);

}  // namespace braid
