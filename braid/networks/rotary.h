// Rotary: position embeddings that rotate pairs of query and key units (Su et al. 2021), with the
// layout and rounding of Hugging Face: pairs (i, i + n/2), angles always in float32.
#pragma once

#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

#include <string>

namespace braid {

// config.json keys and defaults of a family, used where rope_parameters does not override them.
struct RotaryKeys {
  const char* theta = "rope_theta";
  const char* fraction = "partial_rotary_factor";
  double usual_fraction = 1;  // default share of a head's units that are rotated
  bool whole = true;          // transformers' code for the family always rotates all units
};

class Rotary {
 public:
  // From config.json's rope_scaling, rope_parameters or the keys above; types default, linear,
  // dynamic (same as default within the model's positions) and llama3. Error naming the key and the
  // choices.
  Rotary(const nlohmann::json& config, std::int64_t head_units, const RotaryKeys& keys = {});

  // Number of leading units of every head that are rotated, even.
  std::int64_t units() const { return units_; }
  // Description, equal for configurations with equal rotations.
  const std::string& formula() const { return formula_; }

  // Cosine and sine of every rotated unit's angle at positions (...), (..., units) of `dtype`.
  struct Angles {
    at::Tensor cosine, sine;
  };
  Angles angles(const at::Tensor& positions, at::ScalarType dtype) const;
  // (B, T, heads * head_units) with the leading units of every head rotated by angles (B or 1, T,
  // units).
  at::Tensor turn(const at::Tensor& x, const Angles& by) const;

 private:
  std::int64_t head_units_, units_;
  at::Tensor frequencies_;  // (units / 2) float32
  std::string formula_;
};

}  // namespace braid
