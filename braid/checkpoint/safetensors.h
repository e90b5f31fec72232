// safetensors files: read by mapping them, written whole or not at all.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "braid/checkpoint/lazy_tensors.h"

namespace braid {

// All tensors of a safetensors file. They alias the mapped file (unaligned ones are copies): do not
// write into them. The header is checked as Hugging Face's reader does (at most 100 MB, no
// duplicates, no holes, no overlaps, shapes agree with offsets). Error otherwise.
Tensors read_safetensors(const std::filesystem::path& path);

// Byte for byte what Hugging Face's safetensors.torch.save_file writes with metadata
// {"format": "pt"}. Atomic (see atomic_file.h). One tensor is made at a time. Error, Interrupted.
void write_safetensors(const std::filesystem::path& path, const LazyTensors& tensors);
void write_safetensors(const std::filesystem::path& path, const Tensors& tensors);

// JSON as a tensor of bytes, so that any reader of the format can open the file; and back: a
// discarded value where the tensor is undefined or not JSON.
at::Tensor json_tensor(const nlohmann::json& json);
nlohmann::json json_from_tensor(const at::Tensor& bytes);

}  // namespace braid
