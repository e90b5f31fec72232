// The options of training a model from nothing, and of a classifier on one.
#pragma once

#include "braid/pipeline/options.h"
#include "braid/pipeline/train_folder.h"

namespace braid {

// All but the configuration.
OptionList options_of(PretrainRequest& request);

// All but the checkpoint.
OptionList options_of(FinetuneRequest& request);

}  // namespace braid
