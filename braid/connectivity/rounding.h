// Estimates the output difference attributable to rounding of stored values.
#pragma once

#include "braid/connectivity/verify.h"

namespace braid {

// True if `second` could be `first` under a transform that changes stored values (in-head maps,
// shifts, canonical forms), not only their order, and so rounds them again: a tensor reached by
// such transforms has different values, irrespective of order.
bool is_rounded_anew(const Model& first, const Model& second);

// Bound on the relative difference caused by changing every stored value by up to half a unit in
// the last place: four times that observed for random changes of either model.
double rounding(const Model& first, const Model& second,
                const std::vector<TokenSequence>& sequences, const Compute& compute, Frame frame);

}  // namespace braid
