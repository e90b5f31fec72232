// Any bytes as a moments file: moments that correlate, or Error.
#include "braid/alignment/observe.h"

#include "fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return braid::read_input(data, size, {"moments"}, [](const auto& folder) {
    for (const auto& [tap, moments] : braid::load_moments(folder / "moments").moments) {
      braid::correlation(moments);
    }
  });
}
