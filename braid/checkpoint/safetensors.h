// safetensors files: read by mapping them, written whole or not at all.
#pragma once

#include <filesystem>

#include "braid/checkpoint/tensors.h"

namespace braid {

// All tensors of a safetensors file. They alias the mapped file (unaligned ones are copies): do not
// write into them. The header is checked as Hugging Face's reader does (at most 100 MB, no
// duplicates, no holes, no overlaps, shapes agree with offsets). Error otherwise.
Tensors read_safetensors(const std::filesystem::path& path);

// Byte for byte what Hugging Face's safetensors.torch.save_file writes with metadata
// {"format": "pt"}. Atomic (see atomic_file.h). Error, Interrupted.
void write_safetensors(const std::filesystem::path& path, const Tensors& tensors);

}  // namespace braid
