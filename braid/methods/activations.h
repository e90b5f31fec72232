// match: an alignment from moments (Verma & Elbayad, TMLR 2024). A tap on one axis is a linear
// assignment; a tap on heads and their units is the paper's nested assignment (method.md,
// Matching), or one with orthogonal, general or rotary inner maps.
#pragma once

#include "braid/alignment/alignment.h"
#include "braid/compute.h"
#include "braid/methods/matching.h"
#include "braid/progress.h"

namespace braid {

// REQUIRES moments for every tap of taps_to_observe (Error naming a missing one).
Alignment match(const Matching& matching, const MomentsByTap& moments, const Compute& compute,
                const Progress& progress = {});

}  // namespace braid
