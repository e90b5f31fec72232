// Fingerprints: XXH3-128 in hex, to tell checkpoints and texts apart (not against forgery).
#pragma once

#include <string>
#include <string_view>

#include "braid/checkpoint/tensors.h"

namespace braid {

// Over name, dtype, shape and bytes of every tensor in name order: the same for any file format,
// sharding or strides.
std::string fingerprint(const Tensors& tensors);

std::string fingerprint_text(std::string_view bytes);

}  // namespace braid
