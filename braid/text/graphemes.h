// Extended grapheme clusters (UAX 29): what a reader takes for one character.
#pragma once

#include <cstddef>
#include <string_view>

namespace braid {

// The length in bytes of the cluster that valid UTF-8 `text` (not empty) begins with.
std::size_t grapheme_length(std::string_view text);

}  // namespace braid
