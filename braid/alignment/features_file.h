// Precomputed features of models that braid cannot run: one safetensors file per model, with a
// tensor (tokens, units) per tap. Row i of both models' tensors is the same token.
#pragma once

#include <filesystem>

#include "braid/alignment/moments.h"
#include "braid/symmetry/symmetries.h"

namespace braid {

// The moments of these taps. Memory-mapped, read chunk by chunk. Error naming the file and tensor
// if it does not name a tap, or its number of units or tokens is wrong.
MomentsByTap observe_features(const Symmetries& symmetries, const std::vector<std::string>& taps,
                              const std::filesystem::path& a, const std::filesystem::path& b);

}  // namespace braid
