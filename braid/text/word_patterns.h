// Words of byte-level tokenizers: hand-written matchers for the regular expressions of their files.
#pragma once

#include <cstddef>
#include <string_view>

namespace braid {

// Each returns the length in bytes of the first word of `text`, which is valid UTF-8 and not empty.

// 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
std::size_t gpt2_word(std::string_view text);

// (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,digits}| ?[^\s\p{L}\p{N}]+[\r\n]*
// |\s*[\r\n]+|\s+(?!\S)|\s+
std::size_t llama_word(std::string_view text, std::size_t digits);

}  // namespace braid
