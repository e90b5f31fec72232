// GPT-2's representation of bytes as printable characters: the byte itself if it is printable, else
// a character from U+0100 on.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace braid {

const std::array<std::string, 256>& byte_characters();

std::string to_byte_characters(std::string_view bytes);

}  // namespace braid
