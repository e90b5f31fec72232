// What a checkpoint is known by, in provenance and in the keys of caches.
#pragma once

#include "braid/models/model.h"

namespace braid {

// {"path", "fingerprint" of its tensors as they are stored, "reads", and of a table "table"}.
// "reads": the fingerprint of all else that shapes what the folder computes of a text: its
// configuration, what stands behind the Transformer, its tokenizer's files.
nlohmann::json identify(const Model& model);

// Of all that its table says of this checkpoint; empty where it has none.
std::string table_fingerprint(const Model& model);

// Over the names and contents of a folder's tokenizer files; the same for folders without one.
std::string tokenizer_fingerprint(const std::filesystem::path& folder);

}  // namespace braid
