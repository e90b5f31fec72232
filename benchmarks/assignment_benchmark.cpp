// Times solve_assignment on raw float64 square matrices, one run each; prints per file: name, n,
// milliseconds, objective, optimality gap. benchmarks/assignment_scipy.py compares it with SciPy.
#include <fmt/core.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <vector>

#include "braid/alignment/assignment.h"
#include "braid/error.h"

int main(int argc, char** argv) try {
  if (argc < 2) {
    fmt::print(stderr, "usage: {} MATRIX.bin...\n", argv[0]);
    return 2;
  }
  for (int i = 1; i < argc; ++i) {
    const std::uintmax_t bytes = std::filesystem::file_size(argv[i]);
    std::vector<double> benefit(bytes / sizeof(double));
    const auto n = std::llround(std::sqrt(static_cast<double>(benefit.size())));
    std::ifstream file(argv[i], std::ios::binary);
    file.read(reinterpret_cast<char*>(benefit.data()), static_cast<std::streamsize>(bytes));
    braid::require(file.good(), "{}: cannot be read", argv[i]);
    const auto start = std::chrono::steady_clock::now();
    const braid::Assignment found = braid::solve_assignment(benefit, n);
    const std::chrono::duration<double, std::milli> elapsed =
        std::chrono::steady_clock::now() - start;
    fmt::print("{} {} {:.4f} {:.17g} {:.3g}\n", argv[i], n, elapsed.count(), found.objective,
               braid::optimality_gap(benefit, found));
  }
} catch (const std::exception& error) {
  fmt::print(stderr, "{}\n", error.what());
  return 2;
}
