// merge: merges two or more checkpoints: align, transform, prove, average, repair, heal, measure,
// write.
#pragma once

#include "braid/pipeline/align.h"
#include "braid/pipeline/merge_request.h"
#include "braid/pipeline/merged.h"

namespace braid {

// Writes the folder `request.out` with its model card, whole or not at all. Interrupted learning or
// healing is resumed if the same request is made again.
Merged merge(const MergeRequest& request, const Compute& compute, const Listener& listener = {});

}  // namespace braid
