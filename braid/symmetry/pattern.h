// Pattern: how the axes of a model's symmetry act on one tensor, written like einops.
//   x       the dimension carries axis x as a vector      (T acts: writers, biases, query rows)
//   x'      it carries x as a covector                    (T^-T acts: readers, key rows)
//   =x      it rescales x channel by channel (norm gain): permuted, never signed
//   (a b)   a product of axes, outermost first            (p | q) a concatenation
//   (a (b | c))  for every unit of a, a concatenation: terms (a b) and (a c), which share a
//   _30522  30,522 entries that nothing acts on; _30522:token, each of them a token's; _ or
//           _:token, as many as there are
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
  std::int64_t size = 0;     // of an inert use; an axis knows its own; 0: as many as there are
  std::string entries = {};  // of an inert use: what they are named by ("token", "label"), if any
};

using Product = std::vector<AxisUse>;  // outermost first

// One dimension of a tensor: terms one after another, for every entry of the factors that begin all
// of them and are shared.
struct Concatenation : std::vector<Product> {
  using std::vector<Product>::vector;
  std::size_t shared = 0;
};

using Pattern = std::vector<Concatenation>;  // one entry a dimension

// Where the factor of an axis stands. Throws std::invalid_argument where there is none.
std::size_t factor_of(const Product& product, const std::string& axis);

// Throws std::invalid_argument on malformed patterns.
Pattern parse_pattern(std::string_view text);

// A norm's gains: <norm>.weight, a vector that rescales the units of one axis.
bool is_gain(const std::string& tensor, const Pattern& pattern);

// The text that parse_pattern reads.
std::string format_pattern(const Pattern& pattern);

}  // namespace braid
