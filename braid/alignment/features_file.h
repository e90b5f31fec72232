// Features that someone saved, of models that braid cannot run: safetensors files with, for each
// tap, a tensor (tokens, units). Row i of both models' tensors is of the same token.
#pragma once

#include <filesystem>

#include "braid/alignment/moments.h"
#include "braid/symmetry/symmetries.h"

namespace braid {

// The moments of these taps. Memory-mapped and read a chunk at a time. Error naming the file and
// the tensor where it is not of a tap, or not of its units, or not of as many tokens as the
// other's.
MomentsByTap observe_features(const Symmetries& symmetries, const std::vector<std::string>& taps,
                              const std::filesystem::path& a, const std::filesystem::path& b);

}  // namespace braid
