// Models in the form an alignment needs, with proofs that their function is unchanged.
#pragma once

#include "braid/alignment/alignment.h"
#include "braid/connectivity/verify.h"

namespace braid {

struct Canonical {
  Model model;       // in the original dtypes, marked as canonical
  Difference proof;  // from the original, in float64 before rounding to those dtypes
};

// The model in canonical form (models/canonical.h). Error if it differs from the model in float64
// by more than 1e-8 of its largest output on random tokens.
Canonical canonicalise(const Model& model, const Compute& compute = {});

// Loads the checkpoint, with the table if given, in canonical form if `canonical`.
Model load_for_alignment(const std::filesystem::path& folder, bool canonical,
                         const std::filesystem::path& table = {});

}  // namespace braid
