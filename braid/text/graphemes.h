// Extended grapheme clusters (UAX 29): user-perceived characters.
#pragma once

#include <cstddef>
#include <string_view>

namespace braid {

// Length in bytes of the first cluster of `text`, which is valid UTF-8 and not empty.
std::size_t grapheme_length(std::string_view text);

}  // namespace braid
