// How much of a difference between two checkpoints the rounding of stored values explains.
#pragma once

#include "braid/connectivity/verify.h"

namespace braid {

// Could the second be the first with units mixed (in-head maps, shifts, canonical forms), rather
// than just reordered, or edited elsewhere? Its values are then rounded anew. True where a tensor
// that such maps reach has other values than before, in any order.
bool is_rounded_anew(const Model& first, const Model& second);

// The relative difference that comes of moving every stored value by up to half a unit in its last
// place: four times what random moves of either model show.
double rounding(const Model& first, const Model& second,
                const std::vector<TokenSequence>& sequences, const Compute& compute, Frame frame);

}  // namespace braid
