#include "braid/checkpoint/tensors.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>

#include "braid/error.h"

namespace braid {
namespace {

struct Dtype {
  at::ScalarType type;
  const char* in_safetensors;
  const char* name;
};

constexpr std::array<Dtype, 10> dtypes = {{
    {at::kDouble, "F64", "float64"},
    {at::kFloat, "F32", "float32"},
    {at::kHalf, "F16", "float16"},
    {at::kBFloat16, "BF16", "bfloat16"},
    {at::kLong, "I64", "int64"},
    {at::kInt, "I32", "int32"},
    {at::kShort, "I16", "int16"},
    {at::kChar, "I8", "int8"},
    {at::kByte, "U8", "uint8"},
    {at::kBool, "BOOL", "bool"},
}};

std::string all_names(const char* Dtype::*name) {
  std::string names;
  for (const Dtype& dtype : dtypes) names += std::string(names.empty() ? "" : " ") + dtype.*name;
  return names;
}

const Dtype& find(at::ScalarType type) {
  for (const Dtype& dtype : dtypes) {
    if (dtype.type == type) return dtype;
  }
  fail("dtype {}: not one of {}", at::toString(type), all_names(&Dtype::in_safetensors));
}

}  // namespace

const char* safetensors_name(at::ScalarType dtype) { return find(dtype).in_safetensors; }

std::optional<at::ScalarType> safetensors_dtype(std::string_view name) {
  for (const Dtype& dtype : dtypes) {
    if (name == dtype.in_safetensors) return dtype.type;
  }
  return std::nullopt;
}

const char* dtype_name(at::ScalarType dtype) { return find(dtype).name; }

at::ScalarType find_dtype(std::string_view name) {
  for (const Dtype& dtype : dtypes) {
    if (name == dtype.name) return dtype.type;
  }
  fail("'{}' is not a dtype; choices: {}", name, all_names(&Dtype::name));
}

std::int64_t byte_size(const at::Tensor& tensor) {
  return tensor.numel() * static_cast<std::int64_t>(tensor.element_size());
}

std::int64_t byte_size(const Tensors& tensors) {
  std::int64_t total = 0;
  for (const auto& [name, tensor] : tensors) total += byte_size(tensor);
  return total;
}

bool same_values(const at::Tensor& a, const at::Tensor& b) {
  return a.scalar_type() == b.scalar_type() && a.sizes() == b.sizes() && at::equal(a, b);
}

bool all_finite(const at::Tensor& tensor) {
  if (tensor.numel() == 0 || !at::isFloatingType(tensor.scalar_type())) return true;
  const auto [low, high] = at::aminmax(tensor);  // propagates NaN
  return std::isfinite(low.item<double>()) && std::isfinite(high.item<double>());
}

std::optional<std::int64_t> count_elements(std::span<const std::int64_t> sizes) {
  if (sizes.size() > 64) return std::nullopt;
  std::int64_t product = 1;
  bool empty = false;
  for (const std::int64_t size : sizes) {
    if (size < 0) return std::nullopt;
    if (size == 0) empty = true;
    if (__builtin_mul_overflow(product, std::max<std::int64_t>(size, 1), &product)) {
      return std::nullopt;
    }
  }
  return empty ? 0 : product;
}

at::Tensor alias_bytes(const std::shared_ptr<const MappedFile>& file, std::string_view bytes,
                       std::size_t alignment) {
  const auto size = static_cast<std::int64_t>(bytes.size());
  if (size == 0) return at::empty({0}, at::kByte);
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % alignment != 0) {
    at::Tensor copy = at::empty({size}, at::kByte);
    std::memcpy(copy.data_ptr(), bytes.data(), bytes.size());
    return copy;
  }
  return at::from_blob(
      const_cast<char*>(bytes.data()), {size}, [file](void*) {}, at::kByte);
}

at::Tensor view_storage(const at::Tensor& bytes, at::ScalarType dtype, std::int64_t offset,
                        std::span<const std::int64_t> sizes, std::span<const std::int64_t> strides,
                        std::string_view what) {
  const std::optional<std::int64_t> elements = count_elements(sizes);
  require(elements.has_value(), "{}: shape [{}] is negative or too large", what,
          fmt::join(sizes.first(std::min<std::size_t>(sizes.size(), 64)), ", "));
  require(sizes.size() == strides.size(), "{}: {} sizes but {} strides", what, sizes.size(),
          strides.size());
  require(offset >= 0 && std::all_of(strides.begin(), strides.end(), [](auto s) { return s >= 0; }),
          "{}: negative offset or stride", what);
  const auto width = static_cast<std::int64_t>(at::elementSize(dtype));
  const std::int64_t room = bytes.numel() / width;
  std::int64_t last = offset;  // the last element
  bool overflow = false;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    std::int64_t step = 0;
    overflow |= __builtin_mul_overflow(std::max<std::int64_t>(sizes[i] - 1, 0), strides[i], &step);
    overflow |= __builtin_add_overflow(last, step, &last);
  }
  // Strides that repeat elements are refused: a small file could declare a huge tensor.
  const bool fits =
      *elements == 0 ? offset <= room && !overflow : !overflow && last < room && *elements <= room;
  require(fits, "{}: shape [{}], strides [{}], offset {} do not fit a storage of {} elements", what,
          fmt::join(sizes, ", "), fmt::join(strides, ", "), offset, room);
  if (*elements == 0) return at::empty(at::IntArrayRef(sizes.data(), sizes.size()), dtype);

  const auto view = [&](at::ScalarType type) {
    at::Tensor tensor = at::empty({0}, type);
    tensor.set_(bytes.storage(), bytes.storage_offset() / width + offset,
                at::IntArrayRef(sizes.data(), sizes.size()),
                at::IntArrayRef(strides.data(), strides.size()));
    return tensor;
  };
  if (dtype == at::kBool) {
    const int largest = view(at::kByte).max().item<std::uint8_t>();
    require(largest <= 1, "{}: BOOL has the byte {}, expected 0 or 1", what, largest);
  }
  return view(dtype);
}

}  // namespace braid
