// Any bytes as a study file: a study, or Error that names the line.
#include "braid/study/study.h"

#include "fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return braid::read_input(data, size, {"study.yaml"},
                           [](const auto& folder) { braid::read_study(folder / "study.yaml"); });
}
