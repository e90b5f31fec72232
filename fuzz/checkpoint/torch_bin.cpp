// Any bytes as a pytorch_model.bin (zip archive, pickle): tensors that lie inside it, or Error.
#include "braid/checkpoint/torch_bin.h"

#include "fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return braid::read_input(data, size, {"pytorch_model.bin"}, [](const auto& folder) {
    for (const auto& [name, tensor] : braid::read_torch_bin(folder / "pytorch_model.bin"))
      tensor.clone();
  });
}
