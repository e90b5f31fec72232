// Learning an alignment as the options say.
#pragma once

#include "cli/options.h"

namespace braid {

// The batches that are trained on: --text, masked anew at every step or as it stands, or --batches.
// What they depend on goes into `identity`. The model must outlive them.
StepSource training_steps(const Model& model, const AlignOptions& options,
                          nlohmann::json& identity);

// From `start`, on --text masked anew at every step or on --batches. Goes on from
// options.learning_state where that file exists. Says on stderr how it goes.
Alignment learn(const Model& a, const Model& b, const Alignment& start, const AlignOptions& options,
                const ComputeOptions& compute);

}  // namespace braid
