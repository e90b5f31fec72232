// Tensors: named tensors in name order, and names of dtypes in files.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "braid/checkpoint/mapped_file.h"

namespace braid {

using Tensors = std::map<std::string, at::Tensor>;

// The dtype as safetensors names it (F64 F32 F16 BF16 I64 I32 I16 I8 U8 BOOL). Error for any other.
const char* safetensors_name(at::ScalarType dtype);
// The inverse; nullopt if the name is not one of those ten.
std::optional<at::ScalarType> safetensors_dtype(std::string_view name);

// The dtype as users, PyTorch and config.json name it: float64 float32 float16 bfloat16 int64 int32
// int16 int8 uint8 bool. Error for any other.
const char* dtype_name(at::ScalarType dtype);
// The inverse. Error naming the choices if the name is not one of those ten.
at::ScalarType find_dtype(std::string_view name);

// Size of all elements in bytes.
std::int64_t byte_size(const at::Tensor& tensor);
std::int64_t byte_size(const Tensors& tensors);

// True if dtypes, shapes and values are equal.
bool same_values(const at::Tensor& a, const at::Tensor& b);

// True if every element is finite. Single pass, no allocation.
bool all_finite(const at::Tensor& tensor);

// Number of elements of shape `sizes`; nullopt if a size is negative, there are more than 64, or
// the product overflows (zeros counted as ones, as in the computation of strides).
std::optional<std::int64_t> count_elements(std::span<const std::int64_t> sizes);

// Bytes of a mapped file as a 1-D uint8 tensor: aliases the file if the bytes are aligned to
// `alignment`, otherwise a copy. REQUIRES `bytes` within `file`.
at::Tensor alias_bytes(const std::shared_ptr<const MappedFile>& file, std::string_view bytes,
                       std::size_t alignment);

// A view of dtype `dtype` on the storage of `bytes` (uint8), strides and offset in elements.
// Error starting with `what` if the view exceeds the storage, has more elements than it, or is BOOL
// and contains bytes other than 0 and 1.
at::Tensor view_storage(const at::Tensor& bytes, at::ScalarType dtype, std::int64_t offset,
                        std::span<const std::int64_t> sizes, std::span<const std::int64_t> strides,
                        std::string_view what);

}  // namespace braid
