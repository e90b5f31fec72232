// Any bytes as a safetensors file: tensors that lie inside it, or Error.
#include "braid/checkpoint/safetensors.h"

#include "fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return braid::read_input(data, size, {"model.safetensors"}, [](const auto& folder) {
    // Every byte is read: one outside the file would be seen.
    for (const auto& [name, tensor] : braid::read_safetensors(folder / "model.safetensors"))
      tensor.clone();
  });
}
