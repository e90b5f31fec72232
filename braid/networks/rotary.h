// Rotary: position embeddings that turn pairs of query and key units (Su et al. 2021), in the
// layout and with the rounding of Hugging Face: pairs (i, i + n/2), angles in float32 whatever the
// dtype.
#pragma once

#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

#include <string>

namespace braid {

// What is turned of a head's units, and the keys that say so where rope_parameters does not.
struct RotaryKeys {
  const char* theta = "rope_theta";
  const char* fraction = "partial_rotary_factor";
  double usual_fraction = 1;  // of the units, where no key says it
  bool whole = true;          // does the code of this family turn all units, whatever a key says?
};

class Rotary {
 public:
  // By config.json's rope_scaling, rope_parameters, or the keys above; types default, linear,
  // dynamic (the default up to the model's positions) and llama3. Error naming the key and the
  // choices.
  Rotary(const nlohmann::json& config, std::int64_t head_units, const RotaryKeys& keys = {});

  // Leading units of every head that are turned, an even number.
  std::int64_t units() const { return units_; }
  // The same for all configurations that turn alike.
  const std::string& formula() const { return formula_; }

  // Cosine and sine of every turned unit's angle at positions (...), (..., units) of `dtype`.
  struct Angles {
    at::Tensor cosine, sine;
  };
  Angles angles(const at::Tensor& positions, at::ScalarType dtype) const;
  // (B, T, heads * head_units) with the leading units of every head turned by angles (B or 1, T,
  // units).
  at::Tensor turn(const at::Tensor& x, const Angles& by) const;

 private:
  std::int64_t head_units_, units_;
  at::Tensor frequencies_;  // (units / 2) float32
  std::string formula_;
};

}  // namespace braid
