#include "braid/text/byte_characters.h"

#include "braid/text/characters.h"

namespace braid {

const std::array<std::string, 256>& byte_characters() {
  static const auto all = [] {
    std::array<std::string, 256> characters;
    UChar32 next = 0x100;
    for (int byte = 0; byte < 256; ++byte) {
      const bool printable = (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte != 0xAD);
      append_character(printable ? byte : next++, characters[static_cast<std::size_t>(byte)]);
    }
    return characters;
  }();
  return all;
}

std::string to_byte_characters(std::string_view bytes) {
  std::string text;
  text.reserve(2 * bytes.size());
  for (const char byte : bytes) text += byte_characters()[static_cast<unsigned char>(byte)];
  return text;
}

}  // namespace braid
