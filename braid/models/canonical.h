// canonical_form: the same function, with the freedom that is not a symmetry group's taken out of
// the weights before they are averaged (method.md, Canonical forms). Function-preserving steps,
// each where the family has it:
//   - a decoder tied to the embeddings becomes a tensor of its own, where a gain must go into it;
//   - gains and biases of pre-LN norms go into the maps that read them (of a map without a bias the
//     norm keeps a bias), which frees the residual stream to every orthogonal map, under LayerNorm
//     those that fix the all-ones vector;
//   - what writes the residual stream is centred where every norm removes the mean over units;
//   - the value bias goes into the output bias (attention weights sum to 1);
//   - the key bias goes away, where it adds one number to all scores of a query: where no position
//     turns the units;
//   - feed-forward units whose size is free (under ReLU, gated ones) are written and read by
//   weights
//     of one norm.
#pragma once

#include "braid/models/model.h"

namespace braid {

// In float64, proved by nobody yet: connectivity/proved_models.h does. Error where a gain is 0 and
// cannot be divided out.
Model canonical_form(const Model& model);

// The table of a canonical form, from what a model is known by before its weights are read.
Symmetries canonical_table(const Family& family, nlohmann::json config, Parts parts);

// A canonical form in the dtypes of the model that it is of.
Model in_dtypes_of(const Model& like, Model canonical);

}  // namespace braid
