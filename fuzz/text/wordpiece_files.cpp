// Any bytes as a vocab.txt and the files that older folders have beside it, likewise.
#include "braid/text/tokenizer.h"

#include "fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return braid::read_input(
      data, size,
      {"vocab.txt", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"},
      [](const auto& folder) {
        const auto tokenizer = braid::load_tokenizer(folder);
        tokenizer->encode_sequence("The LORD is my shepherd; [MASK] \u00e9 \u738b", 32);
        tokenizer->files();
      });
}
