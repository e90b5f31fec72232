// What byte-level tokenizers take for a word: the regular expressions of their files, by hand.
#pragma once

#include <cstddef>
#include <string_view>

namespace braid {

// The length in bytes of the word that valid UTF-8 `text` (not empty) begins with.

// 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
std::size_t gpt2_word(std::string_view text);

// (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,digits}| ?[^\s\p{L}\p{N}]+[\r\n]*
// |\s*[\r\n]+|\s+(?!\S)|\s+
std::size_t llama_word(std::string_view text, std::size_t digits);

}  // namespace braid
