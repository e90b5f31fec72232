// GPT-2 (Radford et al. 2019): pre-LN decoder with a language-model head, tied or not.
#pragma once

#include "braid/architectures/architecture.h"

namespace braid {

const Architecture& gpt2_architecture();

}  // namespace braid
