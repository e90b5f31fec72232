// canonical_form: removes freedom outside the symmetry groups from the weights before they are
// averaged (method.md, Canonical forms). Function-preserving steps, where applicable:
//   - a decoder tied to the embeddings is untied if a gain must be folded into it;
//   - gains and biases of pre-LN norms are folded into the maps that read them (the norm keeps its
//     bias if a map has none), which frees the residual stream to all orthogonal maps, under
//     LayerNorm those that fix the all-ones vector;
//   - writers of the residual stream are centred if every norm removes the mean over units;
//   - the value bias is folded into the output bias (attention weights sum to 1);
//   - the key bias is removed if it adds the same number to all scores of a query, i.e. without
//     rotary positions;
//   - feed-forward units with free scale (under ReLU, or gated) get writing and reading weights of
//     equal norm.
#pragma once

#include "braid/models/model.h"

namespace braid {

// In float64, unverified: see connectivity/proved_models.h. Error if a gain to divide by is 0.
Model canonical_form(const Model& model);

// The symmetry table of a canonical form, without reading weights.
Symmetries canonical_table(const Family& family, nlohmann::json config, Parts parts);

// A canonical form in the dtypes of the original model.
Model in_dtypes_of(const Model& like, Model canonical);

}  // namespace braid
