#include "braid/checkpoint/fingerprint.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <cstdint>
#include <memory>

namespace braid {
namespace {

std::string to_hex(XXH128_hash_t hash) {
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

}  // namespace

std::string fingerprint(const Tensors& tensors) {
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(),
                                                                       &XXH3_freeState);
  XXH3_128bits_reset(state.get());
  const auto add = [&](const void* data, std::size_t size) {
    if (size > 0) XXH3_128bits_update(state.get(), data, size);
  };
  // Strings are prefixed by their length, so that different lists never hash the same bytes.
  const auto add_text = [&](std::string_view text) {
    const std::uint64_t size = text.size();
    add(&size, sizeof size);
    add(text.data(), text.size());
  };
  for (const auto& [name, tensor] : tensors) {
    add_text(name);
    add_text(safetensors_name(tensor.scalar_type()));
    const std::int64_t dimensions = tensor.dim();
    add(&dimensions, sizeof dimensions);
    add(tensor.sizes().data(), tensor.sizes().size() * sizeof(std::int64_t));
    const at::Tensor flat = tensor.to(at::kCPU).contiguous();
    add(flat.const_data_ptr(), static_cast<std::size_t>(byte_size(flat)));
  }
  return to_hex(XXH3_128bits_digest(state.get()));
}

std::string fingerprint_text(std::string_view bytes) {
  return to_hex(XXH3_128bits(bytes.data(), bytes.size()));
}

}  // namespace braid
