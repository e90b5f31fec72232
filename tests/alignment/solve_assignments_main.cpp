// Solves every problem of a file and prints one line each: objective, gap, then the row's columns.
// A problem is an int64 n and n * n float64. tests/alignment/assignment_scipy.py writes the file.
#include <fmt/core.h>

#include <cstdio>
#include <fstream>
#include <vector>

#include "braid/alignment/assignment.h"
#include "braid/error.h"

int main(int argc, char** argv) try {
  braid::require(argc == 2, "usage: {} PROBLEMS", argv[0]);
  std::ifstream file(argv[1], std::ios::binary);
  braid::require(file.good(), "{}: cannot be opened", argv[1]);
  std::int64_t n = 0;
  while (file.read(reinterpret_cast<char*>(&n), sizeof n)) {
    std::vector<double> benefit(static_cast<std::size_t>(n * n));
    file.read(reinterpret_cast<char*>(benefit.data()),
              static_cast<std::streamsize>(benefit.size() * sizeof(double)));
    braid::require(file.good(), "{}: ends inside a problem of {} rows", argv[1], n);
    try {
      const braid::Assignment found = braid::solve_assignment(benefit, n);
      fmt::print("{:.17g} {:.3g}", found.objective, braid::optimality_gap(benefit, found));
      for (const std::int64_t column : found.indices) fmt::print(" {}", column);
      fmt::print("\n");
    } catch (const braid::Error& error) {
      fmt::print("infeasible: {}\n", error.what());
    }
  }
} catch (const std::exception& error) {
  fmt::print(stderr, "{}\n", error.what());
  return 2;
}
