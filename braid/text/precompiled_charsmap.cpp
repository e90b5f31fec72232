#include "braid/text/precompiled_charsmap.h"

#include "braid/error.h"
#include "braid/text/basic_tokens.h"
#include "braid/text/graphemes.h"

namespace braid {
namespace {

constexpr std::size_t kLongestCluster = 5;  // in bytes, of those replaced as a whole

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

std::string decode_base64(std::string_view text, const std::string& source) {
  bool valid = text.size() % 4 == 0;
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int value = base64_value(c);
    valid &= value >= 0;
    bits = bits << 6 | static_cast<std::uint32_t>(value & 63);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 0xFF);
  }
  valid &= (bits & ((1u << count) - 1)) == 0;
  require(valid, "{}: precompiled_charsmap is not valid base64; save the tokenizer again", source);
  return bytes;
}

std::uint32_t little_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

// A unit of Darts' double array.
bool has_leaf(std::uint32_t unit) { return unit >> 8 & 1; }
std::uint32_t value(std::uint32_t unit) { return unit & 0x7FFFFFFF; }
std::uint32_t label(std::uint32_t unit) { return unit & 0x800000FF; }
std::uint32_t offset(std::uint32_t unit) { return (unit >> 10) << ((unit & 0x200) >> 6); }

}  // namespace

PrecompiledCharsmap::PrecompiledCharsmap(std::string_view base64, const std::string& source)
    : source_(source) {
  const std::string bytes = decode_base64(base64, source);
  require(bytes.size() >= 4, "{}: precompiled_charsmap has {} bytes; expected a charsmap", source,
          bytes.size());
  const std::uint32_t size = little_endian(bytes);
  require(size % 4 == 0 && size >= 4 && size <= bytes.size() - 4,
          "{}: precompiled_charsmap has a double array of {} bytes; expected a multiple of 4, at "
          "most the {} that follow",
          source, size, bytes.size() - 4);
  for (std::size_t at = 4; at < 4 + size; at += 4) {
    units_.push_back(little_endian(std::string_view(bytes).substr(at)));
  }
  strings_ = bytes.substr(4 + size);
  require(is_valid_utf8(strings_), "{}: precompiled_charsmap has strings that are not valid UTF-8",
          source);
}

std::uint32_t PrecompiledCharsmap::unit(std::size_t at) const {
  require(at < units_.size(), "{}: precompiled_charsmap has an index outside its double array",
          source_);
  return units_[at];
}

std::optional<std::string_view> PrecompiledCharsmap::find(std::string_view part) const {
  std::size_t node = offset(unit(0));
  for (const char c : part) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte == 0) break;
    node ^= byte;
    const std::uint32_t here = unit(node);
    if (label(here) != byte) break;
    node ^= offset(here);
    if (!has_leaf(here)) continue;
    const std::size_t begin = value(unit(node));
    if (begin >= strings_.size()) {
      require(begin == strings_.size(), "{}: precompiled_charsmap has an index outside its strings",
              source_);
      return "";
    }
    require(!U8_IS_TRAIL(strings_[begin]),
            "{}: precompiled_charsmap has an index into the middle of a character", source_);
    const std::size_t end = std::min(strings_.find('\0', begin), strings_.size());
    return std::string_view(strings_).substr(begin, end - begin);
  }
  return std::nullopt;
}

std::string PrecompiledCharsmap::normalize(std::string_view text) const {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const std::string_view cluster = text.substr(0, grapheme_length(text));
    text.remove_prefix(cluster.size());
    if (cluster.size() <= kLongestCluster) {
      if (const auto known = find(cluster)) {
        result += *known;
        continue;
      }
    }
    for (std::size_t next = 0; next < cluster.size();) {
      const std::size_t begin = next;
      take_character(cluster, next);
      const std::string_view part = cluster.substr(begin, next - begin);
      result += find(part).value_or(part);
    }
  }
  return result;
}

}  // namespace braid
