#include "braid/networks/rotary.h"

#include <numbers>

#include "braid/error.h"
#include "braid/json/json_field.h"
#include "braid/json/printable.h"

namespace braid {
namespace {

// 1 / theta^(2i / units).
at::Tensor default_frequencies(double theta, std::int64_t units) {
  const at::Tensor power =
      at::arange(0, units, 2, at::TensorOptions().dtype(at::kFloat)) / static_cast<double>(units);
  return at::pow(at::Scalar(theta), power).reciprocal();
}

// Stretches long waves by the factor, keeps short ones, interpolates between (Dubey et al. 2024).
at::Tensor llama3_frequencies(const at::Tensor& original, double factor, double low, double high,
                              double trained) {
  const at::Tensor waves = original.reciprocal() * (2 * std::numbers::pi);
  const at::Tensor stretched = at::where(waves.gt(trained / low), original / factor, original);
  const at::Tensor smooth = (waves.reciprocal() * trained - low) / (high - low);
  const at::Tensor mixed = (1 - smooth) * stretched / factor + smooth * stretched;
  const at::Tensor outside = waves.lt(trained / high).logical_or(waves.gt(trained / low));
  return at::where(outside, stretched, mixed);
}

// `fallback`: 0 if the key is required.
double positive(const JsonField& fields, const char* key, double fallback) {
  require(fields.has(key) || fallback > 0,
          "config.json: {} is missing, which the rope_type requires", key);
  const double value = fields.number(key, fallback);
  require(value > 0, "config.json: {} is {}, expected a positive number", key, value);
  return value;
}

// The object that describes the rotation; empty if there is none.
nlohmann::json parameters_of(const JsonField& config) {
  for (const char* key : {"rope_scaling", "rope_parameters"}) {
    if (!config.has(key) || config.at(key).json().empty()) continue;
    for (const std::string& inner : config.at(key).keys()) {
      require(!config.at(key).json()[inner].is_object(),
              "config.json: {} has an object per type of layer ('{}'), but all layers of this "
              "family are alike; give its keys directly",
              key, printable(inner));
    }
    return config.at(key).json();
  }
  return nlohmann::json::object();
}

}  // namespace

Rotary::Rotary(const nlohmann::json& config, std::int64_t head_units, const RotaryKeys& keys)
    : head_units_(head_units) {
  const JsonField fields(config, "config.json");
  const nlohmann::json given = parameters_of(fields);
  const JsonField parameters(given, "config.json");
  const double theta = positive(parameters, "rope_theta", positive(fields, keys.theta, 10000));
  const double fraction =
      parameters.number("partial_rotary_factor", fields.number(keys.fraction, keys.usual_fraction));
  require(!keys.whole || fraction == 1,
          "config.json: {} is {}, but transformers rotates all units of heads in this family; set "
          "it to 1",
          keys.fraction, fraction);
  units_ = static_cast<std::int64_t>(static_cast<double>(head_units) * fraction);
  require(
      fraction > 0 && fraction <= 1 && units_ > 0 && units_ % 2 == 0,
      "config.json: {} is {}, which rotates {} of a head's {} units; expected an even number, at "
      "least 2",
      keys.fraction, fraction, units_, head_units);
  const std::string type = parameters.text("rope_type", parameters.text("type", "default").c_str());
  frequencies_ = default_frequencies(theta, units_);
  formula_ = fmt::format("{} of {} units by theta {}", units_, head_units, theta);
  if (type == "linear") {
    const double factor = positive(parameters, "factor", 0);
    frequencies_ = frequencies_ / factor;
    formula_ += fmt::format(", linear by {}", factor);
  } else if (type == "llama3") {
    const double factor = positive(parameters, "factor", 0);
    const double low = positive(parameters, "low_freq_factor", 0);
    const double high = positive(parameters, "high_freq_factor", 0);
    constexpr const char* key = "original_max_position_embeddings";  // the outer one counts
    const double trained = positive(fields.has(key) ? fields : parameters, key,
                                    fields.number("max_position_embeddings", 0));
    frequencies_ = llama3_frequencies(frequencies_, factor, low, high, trained);
    formula_ += fmt::format(", llama3 by {}, {} to {} of {}", factor, low, high, trained);
  } else {
    // Dynamic frequencies differ only beyond the model's positions, which braid never exceeds.
    require(type == "default" || type == "dynamic",
            "config.json: rope_type '{}' is not supported; supported: default, linear, dynamic, "
            "llama3",
            type);
  }
}

Rotary::Angles Rotary::angles(const at::Tensor& positions, at::ScalarType dtype) const {
  const at::Tensor half =
      positions.to(at::kFloat).unsqueeze(-1) * frequencies_.to(positions.device());
  const at::Tensor all = at::cat({half, half}, -1);
  return {all.cos().to(dtype), all.sin().to(dtype)};
}

at::Tensor Rotary::turn(const at::Tensor& x, const Angles& by) const {
  const at::Tensor heads = x.unflatten(-1, {-1, head_units_});  // (B, T, heads, units)
  const at::Tensor turned = heads.narrow(-1, 0, units_);
  const auto halves = turned.chunk(2, -1);
  const at::Tensor result = turned * by.cosine.unsqueeze(-2) +
                            at::cat({-halves[1], halves[0]}, -1) * by.sine.unsqueeze(-2);
  if (units_ == head_units_) return result.flatten(-2);
  return at::cat({result, heads.narrow(-1, units_, head_units_ - units_)}, -1).flatten(-2);
}

}  // namespace braid
