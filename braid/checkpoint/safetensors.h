// safetensors files: memory-mapped reading, atomic writing.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "braid/checkpoint/lazy_tensors.h"

namespace braid {

// All tensors of a safetensors file. They alias the mapped file (unaligned ones are copies): do not
// write into them. The header is checked like Hugging Face's reader (at most 100 MB, no duplicates,
// no gaps, no overlaps, shapes agree with offsets). Error if malformed.
Tensors read_safetensors(const std::filesystem::path& path);

// Byte-identical to Hugging Face's safetensors.torch.save_file with metadata {"format": "pt"}.
// Atomic (see atomic_file.h). Computes one tensor at a time. Error, Interrupted.
void write_safetensors(const std::filesystem::path& path, const LazyTensors& tensors);
void write_safetensors(const std::filesystem::path& path, const Tensors& tensors);

// JSON as a tensor of bytes, readable with any reader of the format; and back: a discarded value if
// the tensor is undefined or not JSON.
at::Tensor json_tensor(const nlohmann::json& json);
nlohmann::json json_from_tensor(const at::Tensor& bytes);

}  // namespace braid
