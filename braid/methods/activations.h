// match: from moments to an alignment (Verma & Elbayad, TMLR 2024). A tap on one axis is one linear
// assignment, a tap on heads and their units the paper's nested one (method.md, Matching), or one
// whose inner maps are orthogonal, general or rotary.
#pragma once

#include "braid/alignment/alignment.h"
#include "braid/compute.h"
#include "braid/methods/matching.h"
#include "braid/progress.h"

namespace braid {

// REQUIRES moments for every tap of taps_to_observe (Error naming one that is missing).
Alignment match(const Matching& matching, const MomentsByTap& moments, const Compute& compute,
                const Progress& progress = {});

}  // namespace braid
