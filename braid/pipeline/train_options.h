// The options of pretraining and of fine-tuning.
#pragma once

#include "braid/pipeline/options.h"
#include "braid/pipeline/train_folder.h"

namespace braid {

// Without the configuration.
OptionList options_of(PretrainRequest& request);

// Without the checkpoint.
OptionList options_of(FinetuneRequest& request);

}  // namespace braid
