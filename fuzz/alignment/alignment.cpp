// Any bytes as an alignment file: elements of the groups that it names, or Error.
#include "braid/alignment/alignment.h"

#include "fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return braid::read_input(data, size, "ab.alignment", [](const auto& folder) {
    braid::to_json(braid::load_alignment(folder / "ab.alignment"));
  });
}
