// Fingerprints: XXH3-128 in hex, to identify checkpoints and texts (not tamper-proof).
#pragma once

#include <string>
#include <string_view>

#include "braid/checkpoint/tensors.h"

namespace braid {

// Of name, dtype, shape and bytes of every tensor in name order; independent of file format,
// sharding and strides.
std::string fingerprint(const Tensors& tensors);

std::string fingerprint_text(std::string_view bytes);

}  // namespace braid
