// Semantic textual similarity (Cer et al. 2017): how well the cosine of two sentences' embeddings
// follows what people say of them.
#pragma once

#include "braid/tasks/task.h"

namespace braid {

const Task& sts_task();  // "sts"

}  // namespace braid
