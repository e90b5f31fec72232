// Semantic textual similarity (Cer et al. 2017): correlation of the cosine of two sentences'
// embeddings with human scores.
#pragma once

#include "braid/tasks/task.h"

namespace braid {

const Task& sts_task();  // "sts"

}  // namespace braid
