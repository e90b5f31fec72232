// Models as an alignment needs them, with the proofs that nothing changed.
#pragma once

#include "braid/alignment/alignment.h"
#include "braid/models/model.h"

namespace braid {

// The checkpoint, in canonical form where an alignment of it is to be. Error where that is not the
// same function in float64, to 1e-8 of its largest output.
Model load_for_alignment(const std::filesystem::path& folder, bool canonical);

// Does this alignment belong to canonical forms?
bool is_canonical(const Alignment& alignment);

}  // namespace braid
