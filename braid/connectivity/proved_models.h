// Models as an alignment needs them, with the proofs that nothing changed.
#pragma once

#include "braid/alignment/alignment.h"
#include "braid/connectivity/verify.h"

namespace braid {

struct Canonical {
  Model model;       // in the dtypes of the model that it is of, marked as canonical
  Difference proof;  // from it in float64, before rounding to those
};

// The model in canonical form (models/canonical.h). Error where that is not the same function in
// float64, to 1e-8 of its largest output on random tokens: nothing unproved comes out.
Canonical canonicalise(const Model& model, const Compute& compute = {});

// The checkpoint, of a table where there is one, in canonical form where an alignment of it is to
// be.
Model load_for_alignment(const std::filesystem::path& folder, bool canonical,
                         const std::filesystem::path& table = {});

}  // namespace braid
