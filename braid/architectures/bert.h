// BERT (Devlin et al. 2019): post-LN encoder, with pooler, masked-LM, next-sentence and
// sequence-classification heads where the checkpoint has them.
#pragma once

#include "braid/architectures/architecture.h"

namespace braid {

const Architecture& bert_architecture();

}  // namespace braid
