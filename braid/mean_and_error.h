// Mean and its standard error (n - 1) over pairs of models.
#pragma once

#include <cmath>
#include <vector>

namespace braid {

struct MeanAndError {
  double mean = 0, error = 0;  // error 0 for one value
};

inline MeanAndError mean_and_error(const std::vector<double>& values) {
  MeanAndError result;
  const auto n = static_cast<double>(values.size());
  double squares = 0;
  for (const double value : values) result.mean += value / n;
  for (const double value : values) squares += (value - result.mean) * (value - result.mean);
  if (values.size() > 1) result.error = std::sqrt(squares / (n - 1) / n);
  return result;
}

}  // namespace braid
