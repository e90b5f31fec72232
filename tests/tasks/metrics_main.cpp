// Reads {"metric", "predicted", "expected"} a line, writes the value: for metrics_sklearn.py.
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "braid/tasks/metrics.h"

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    const auto json = nlohmann::json::parse(line);
    const auto predicted = json["predicted"].get<std::vector<double>>();
    const auto expected = json["expected"].get<std::vector<double>>();
    fmt::print("{:.17g}\n", braid::metric(json["metric"], predicted, expected));
  }
}
