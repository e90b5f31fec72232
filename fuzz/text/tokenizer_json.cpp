// Any bytes as a tokenizer.json: a tokenizer that encodes, or Error.
#include "braid/text/tokenizer.h"
#include "fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return braid::read_input(data, size, "tokenizer.json", [](const auto& folder) {
    braid::load_tokenizer(folder)->encode_sequence("The LORD is my shepherd; [MASK] é 王", 32);
  });
}
