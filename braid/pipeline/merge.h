// merge: align, transform, prove, average, repair, heal, measure, write: one checkpoint out of two
// or more.
#pragma once

#include "braid/pipeline/align.h"
#include "braid/pipeline/merge_request.h"
#include "braid/pipeline/merged.h"

namespace braid {

// Writes the folder `request.out`, whole or not at all, with its model card. A learning or healing
// that was stopped goes on when the same is asked again.
Merged merge(const MergeRequest& request, const Compute& compute, const Listener& listener = {});

}  // namespace braid
