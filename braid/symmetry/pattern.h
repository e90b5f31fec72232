// Pattern: action of a model's axes on one tensor, in einops-like notation.
//   x       the dimension carries axis x as a vector      (T acts: writers, biases, query rows)
//   x'      the dimension carries x as a covector         (T^-T acts: readers, key rows)
//   =x      the dimension rescales x by unit (norm gain): permuted, never signed
//   (a b)   a product of axes, outermost first            (p | q) a concatenation
//   (a (b | c))  for every unit of a, a concatenation: terms (a b) and (a c), which share a
//   _30522  30,522 entries on which nothing acts; _30522:token, one per token; _ or _:token, any
//           number of entries
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
  std::int64_t size = 0;     // of inert uses; 0: any
  std::string entries = {};  // of inert uses: kind of names of entries ("token", "label"), if any
};

using Product = std::vector<AxisUse>;  // outermost first

// One dimension of a tensor: concatenated terms, repeated for every entry of the leading factors
// that all terms share.
struct Concatenation : std::vector<Product> {
  using std::vector<Product>::vector;
  std::size_t shared = 0;  // number of these factors
};

using Pattern = std::vector<Concatenation>;  // by dimension

// Index of an axis's factor. std::invalid_argument if there is none.
std::size_t factor_of(const Product& product, const std::string& axis);

// std::invalid_argument for malformed patterns.
Pattern parse_pattern(std::string_view text);

// True for a norm's gain: <norm>.weight, a vector that rescales the units of one axis.
bool is_gain(const std::string& tensor, const Pattern& pattern);

// The inverse of parse_pattern.
std::string format_pattern(const Pattern& pattern);

}  // namespace braid
