#include "braid/tasks/metrics.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <vector>

#include "braid/error.h"

namespace braid {
namespace {

using Values = std::span<const double>;

std::vector<double> ranks(Values values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t i, std::size_t j) { return values[i] < values[j]; });
  std::vector<double> rank(values.size());
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin;
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    const double mean = static_cast<double>(begin + end - 1) / 2;
    for (std::size_t i = begin; i < end; ++i) rank[order[i]] = mean;
    begin = end;
  }
  return rank;
}

}  // namespace

double accuracy(Values predicted, Values expected) {
  std::size_t right = 0;
  for (std::size_t i = 0; i < predicted.size(); ++i) right += predicted[i] == expected[i];
  return static_cast<double>(right) / static_cast<double>(predicted.size());
}

double f1(Values predicted, Values expected) {
  double hits = 0, marked = 0;
  for (std::size_t i = 0; i < predicted.size(); ++i) {
    hits += predicted[i] == 1 && expected[i] == 1;
    marked += (predicted[i] == 1) + (expected[i] == 1);
  }
  return marked > 0 ? 2 * hits / marked : 0;
}

double matthews(Values predicted, Values expected) {
  std::map<double, double> predictions, labels;
  double right = 0;
  const auto count = static_cast<double>(predicted.size());
  for (std::size_t i = 0; i < predicted.size(); ++i) {
    right += predicted[i] == expected[i];
    ++predictions[predicted[i]];
    ++labels[expected[i]];
  }
  double both = 0, prediction_squares = 0, label_squares = 0;
  for (const auto& [label, n] : predictions) {
    prediction_squares += n * n;
    if (const auto found = labels.find(label); found != labels.end()) both += n * found->second;
  }
  for (const auto& [label, n] : labels) label_squares += n * n;
  const double scale = (count * count - prediction_squares) * (count * count - label_squares);
  return scale > 0 ? (right * count - both) / std::sqrt(scale) : 0;
}

double pearson(Values x, Values y) {
  const auto n = static_cast<double>(x.size());
  const double mean_x = std::accumulate(x.begin(), x.end(), 0.0) / n;
  const double mean_y = std::accumulate(y.begin(), y.end(), 0.0) / n;
  double xy = 0, xx = 0, yy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xy += (x[i] - mean_x) * (y[i] - mean_y);
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    yy += (y[i] - mean_y) * (y[i] - mean_y);
  }
  return xx > 0 && yy > 0 ? xy / std::sqrt(xx * yy) : 0;
}

double spearman(Values predicted, Values expected) {
  return pearson(ranks(predicted), ranks(expected));
}

double metric(const std::string& name, Values predicted, Values expected) {
  static const std::map<std::string, double (*)(Values, Values)> metrics = {{"accuracy", accuracy},
                                                                            {"f1", f1},
                                                                            {"matthews", matthews},
                                                                            {"pearson", pearson},
                                                                            {"spearman", spearman}};
  const auto found = metrics.find(name);
  require(found != metrics.end(), "'{}' is not a metric", name);
  return found->second(predicted, expected);
}

}  // namespace braid
