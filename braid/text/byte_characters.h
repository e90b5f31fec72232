// GPT-2 writes each byte as a printable character: itself where it is one, else from U+0100 on.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace braid {

const std::array<std::string, 256>& byte_characters();

std::string to_byte_characters(std::string_view bytes);

}  // namespace braid
