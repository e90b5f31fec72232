// Pattern: how the axes of a model's symmetry act on one tensor, written like einops.
//   x       the dimension carries axis x as a vector      (T acts: writers, biases, query rows)
//   x'      it carries x as a covector                    (T^-T acts: readers, key rows)
//   =x      it rescales x channel by channel (norm gain): permuted, never signed
//   (a b)   a product of axes, outermost first            (p | q) a concatenation
//   _30522  30,522 entries that nothing acts on; _30522:token, each of them a token's
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace braid {

enum class Role { vector, covector, gain, inert };

struct AxisUse {
  std::string axis;  // empty when inert
  Role role = Role::inert;
  std::int64_t size = 0;     // of an inert use; an axis knows its own
  std::string entries = {};  // of an inert use: what they are named by ("token", "label"), if any
};

using Product = std::vector<AxisUse>;        // outermost first
using Concatenation = std::vector<Product>;  // one dimension of a tensor
using Pattern = std::vector<Concatenation>;  // one entry a dimension

// Where the factor of an axis stands. Throws std::invalid_argument where there is none.
std::size_t factor_of(const Product& product, const std::string& axis);

// Throws std::invalid_argument on malformed patterns: they are written by programmers.
Pattern parse_pattern(std::string_view text);

// The text that parse_pattern reads.
std::string format_pattern(const Pattern& pattern);

}  // namespace braid
