// Any bytes as an alignment file: elements of the groups that it names, or Error.
#include "braid/alignment/alignment.h"

#include "fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return braid::read_input(data, size, {"alignment"}, [](const auto& folder) {
    const braid::Alignment alignment = braid::load_alignment(folder / "alignment");
    alignment.canonical();
    braid::to_json(alignment);
  });
}
