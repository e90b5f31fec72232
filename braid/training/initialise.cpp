#include "braid/training/initialise.h"

#include <cmath>

#include "braid/random.h"

namespace braid {
namespace {

at::Tensor normal(at::IntArrayRef shape, double deviation, Random& random) {
  at::Tensor tensor = at::empty(shape, at::kDouble);
  double* values = tensor.data_ptr<double>();
  for (std::int64_t i = 0; i < tensor.numel(); ++i) values[i] = deviation * random.normal();
  return tensor;
}

// A bias, or a gain of a norm, neither of which is random.
at::Tensor constant(const std::string& name, const Pattern& pattern, at::IntArrayRef shape) {
  return is_gain(name, pattern) ? at::ones(shape, at::kDouble) : at::zeros(shape, at::kDouble);
}

// (positions, units): the sinusoids of Vaswani et al. 2017 scaled to `deviation`, rotated.
at::Tensor rotated_sinusoids(at::IntArrayRef shape, double deviation, Random& random) {
  const std::int64_t positions = shape[0], units = shape[1];
  at::Tensor waves = at::empty(shape, at::kDouble);
  double* values = waves.data_ptr<double>();
  for (std::int64_t p = 0; p < positions; ++p) {
    for (std::int64_t i = 0; i < units; ++i) {
      const double power = static_cast<double>(i - i % 2) / static_cast<double>(units);
      const double angle = static_cast<double>(p) / std::pow(10000.0, power);
      values[p * units + i] = std::numbers::sqrt2 * (i % 2 ? std::cos(angle) : std::sin(angle));
    }
  }
  const at::Tensor basis = std::get<0>(at::linalg_qr(normal({units, units}, 1, random)));
  return at::mm(waves, basis) * deviation;
}

// Does the tensor write the residual stream from units inside a layer?
bool closes_branch(const Symmetries& symmetries, const Pattern& pattern) {
  bool writes = false, reads = false;
  for (const Concatenation& dimension : pattern) {
    for (const Product& product : dimension) {
      for (const AxisUse& use : product) {
        if (use.role == Role::inert) continue;
        const bool residual = symmetries.axis(use.axis).component == "residual";
        writes |= residual && use.role == Role::vector;
        reads |= !residual && use.role == Role::covector;
      }
    }
  }
  return writes && reads;
}

bool in_first_layer(const Pattern& pattern) {
  for (const Concatenation& dimension : pattern) {
    for (const Product& product : dimension) {
      for (const AxisUse& use : product) {
        if (use.axis.starts_with("layer.0.")) return true;
      }
    }
  }
  return false;
}

}  // namespace

void draw_missing(const Symmetries& symmetries, const nlohmann::json& config, std::uint64_t seed,
                  Tensors& parameters) {
  const double range = config_fields(config).number("initializer_range", 0.02);
  Random random(seed);
  for (const auto& [name, pattern] : symmetries.tensors) {
    if (parameters.contains(name)) continue;
    const std::vector<std::int64_t> shape = symmetries.shape(pattern);
    const at::Tensor value =
        shape.size() == 1 ? constant(name, pattern, shape) : normal(shape, range, random);
    parameters[name] = value.to(at::kFloat);
  }
}

Tensors initialise(const nlohmann::json& config, std::uint64_t seed, double damping) {
  const Family& family = find_family(config, "config.json");
  const Symmetries table =
      family.describe(config, new_parts(family, family.classes.front(), config));
  const Initialisation& form = family.initialisation;
  const double range = config_fields(config).number("initializer_range", 0.02);
  std::int64_t branches = 0;
  for (const auto& [name, pattern] : table.tensors) branches += closes_branch(table, pattern);
  const auto deviation = [&](const Pattern& pattern) {
    if (!closes_branch(table, pattern)) return range;
    if (form.branches == Initialisation::Branches::by_depth) {
      return range / std::sqrt(static_cast<double>(branches));
    }
    return in_first_layer(pattern) ? range : range / damping;
  };
  Tensors parameters;
  Random random(seed);
  for (const auto& [name, pattern] : table.tensors) {
    const std::vector<std::int64_t> shape = table.shape(pattern);
    at::Tensor value;
    if (shape.size() == 1) {
      value = constant(name, pattern, shape);
    } else if (name == form.sinusoids) {
      value = rotated_sinusoids(shape, range, random);
    } else {
      value = normal(shape, deviation(pattern), random);
    }
    parameters[name] = value.to(at::kFloat);
  }
  return parameters;
}

}  // namespace braid
