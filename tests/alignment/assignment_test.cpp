#include "braid/alignment/assignment.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <random>
#include <string>

#include "braid/error.h"

namespace braid {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

using Matrix = std::vector<double>;
using Entry = std::function<double(std::int64_t, std::int64_t)>;

Matrix fill(std::int64_t n, const Entry& entry) {
  Matrix matrix;
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < n; ++j) matrix.push_back(entry(i, j));
  }
  return matrix;
}

double scale(const Matrix& matrix) {
  double largest = 0;
  for (const double x : matrix) {
    if (std::isfinite(x)) largest = std::max(largest, std::abs(x));
  }
  return largest;
}

double total(const Matrix& matrix, const std::vector<std::int64_t>& indices) {
  long double sum = 0;
  const auto n = std::ssize(indices);
  for (std::int64_t i = 0; i < n; ++i) {
    sum += matrix[static_cast<std::size_t>(i * n + indices[static_cast<std::size_t>(i)])];
  }
  return static_cast<double>(sum);
}

double best_by_force(const Matrix& matrix, std::int64_t n) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  double best = -infinity;
  do {
    best = std::max(best, total(matrix, order));
  } while (std::next_permutation(order.begin(), order.end()));
  return best;
}

// A permutation, its own objective, and a proof that none is better.
void expect_optimal(const Matrix& matrix, std::int64_t n, const std::string& name) {
  SCOPED_TRACE(name + " " + std::to_string(n));
  const Assignment found = solve_assignment(matrix, n);
  std::vector<std::int64_t> sorted = found.indices, all(static_cast<std::size_t>(n));
  std::sort(sorted.begin(), sorted.end());
  std::iota(all.begin(), all.end(), 0);
  ASSERT_EQ(sorted, all);
  EXPECT_EQ(found.objective, total(matrix, found.indices));
  EXPECT_LE(optimality_gap(matrix, found), 1e-13 * scale(matrix));
  const Assignment again = solve_assignment(matrix, n);
  EXPECT_EQ(again.indices, found.indices);
  EXPECT_EQ(again.column_duals, found.column_duals);
}

std::string error_of(const Matrix& matrix, std::int64_t n) {
  try {
    solve_assignment(matrix, n);
  } catch (const Error& error) {
    return error.what();
  }
  return "none";
}

TEST(Assignment, EmptyAndSingle) {
  EXPECT_TRUE(solve_assignment({}, 0).indices.empty());
  EXPECT_EQ(solve_assignment({}, 0).objective, 0);
  const Assignment one = solve_assignment(Matrix{-2.5}, 1);
  EXPECT_EQ(one.indices, std::vector<std::int64_t>{0});
  EXPECT_EQ(one.objective, -2.5);
}

TEST(Assignment, MatchesBruteForce) {
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal;
  for (std::int64_t n = 1; n <= 7; ++n) {
    for (int trial = 0; trial < (n == 7 ? 150 : 500); ++trial) {
      const int kind = trial % 5;
      const double forbidden = kind == 3 ? 0.3 : kind == 4 ? 0.6 : 0;
      const Matrix matrix = fill(n, [&](auto, auto) {
        if (std::uniform_real_distribution<double>()(random) < forbidden) return -infinity;
        if (kind == 1) return static_cast<double>(random() % 3);
        if (kind == 2) return static_cast<double>(random() % 41) - 20;
        return normal(random);
      });
      const double best = best_by_force(matrix, n);
      if (best == -infinity) {
        EXPECT_THAT(error_of(matrix, n), testing::HasSubstr("forbidden"));
        continue;
      }
      const Assignment found = solve_assignment(matrix, n);
      EXPECT_NEAR(found.objective, best, 1e-12 * std::max(1.0, std::abs(best)));
      EXPECT_LE(optimality_gap(matrix, found), 1e-13 * scale(matrix));
    }
  }
}

TEST(Assignment, ProvesItselfOnManyStructures) {
  std::mt19937_64 random(11);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  // Both sides of the size from which rows keep lists, and sizes with and without tails.
  for (const std::int64_t n : {2, 5, 31, 64, 191, 192, 199, 256, 500}) {
    Matrix u(static_cast<std::size_t>(n)), v(u);
    for (double& x : u) x = normal(random);
    for (double& x : v) x = normal(random);
    const auto a = [&](std::int64_t i) { return u[static_cast<std::size_t>(i)]; };
    const auto b = [&](std::int64_t j) { return v[static_cast<std::size_t>(j)]; };
    const auto x = [](std::int64_t i) { return static_cast<double>(i); };
    const auto check = [&](const char* name, const Entry& entry) {
      expect_optimal(fill(n, entry), n, name);
    };
    check("normal", [&](auto, auto) { return normal(random); });
    check("uniform", [&](auto, auto) { return uniform(random); });
    check("integers", [&](auto, auto) { return x(static_cast<std::int64_t>(random() % 10)); });
    check("sparse ones", [&](auto, auto) { return uniform(random) < 2 / x(n) ? 1.0 : 0.0; });
    check("constant", [](auto, auto) { return 0.3; });
    check("negative constant", [](auto, auto) { return -1.0 / 3; });
    check("zero", [](auto, auto) { return 0.0; });
    check("negative", [&](auto, auto) { return -1e6 - uniform(random); });
    check("rank one", [&](auto i, auto j) { return a(i) * b(j); });
    check("sum", [&](auto i, auto j) { return a(i) + b(j); });
    check("distance", [&](auto i, auto j) { return -std::abs(a(i) - b(j)); });
    check("products", [&](auto i, auto j) { return -x(i + 1) * x(j + 1); });
    check("popular columns", [&](auto, auto j) { return normal(random) + 5 * b(j); });
    check("dead units",
          [&](auto i, auto j) { return i % 3 == 0 || j % 4 == 0 ? 0.0 : normal(random); });
    check("blocks", [&](auto i, auto j) { return i / 16 == j / 16 ? uniform(random) : 0.0; });
    check("equal blocks", [](auto i, auto j) { return i / 16 == j / 16 ? 1.0 : 0.0; });
    check("duplicated rows",
          [&](auto i, auto j) { return std::sin(x(1 + i / 4) * 12.9898 + x(j) * 78.233); });
    check("identity", [](auto i, auto j) { return i == j ? 1.0 : 0.0; });
    check("mostly forbidden", [&](auto i, auto j) {
      return i == j || uniform(random) < 0.1 ? normal(random) : -infinity;
    });
    check("triangular", [&](auto i, auto j) { return j <= i ? normal(random) : -infinity; });
    check("one allowed", [n](auto i, auto j) { return i + j == n - 1 ? 2.0 : -infinity; });
    check("denormal",
          [&](auto, auto) { return 5e-324 * x(static_cast<std::int64_t>(random() % 9)); });
    check("any magnitude", [&](auto, auto) {
      return std::copysign(std::pow(10, 600 * uniform(random) - 300), normal(random));
    });
    check("huge", [&](auto, auto) { return 1e300 * normal(random); });
  }
}

TEST(Assignment, LargestDoublesDoNotOverflow) {
  std::mt19937_64 random(3);
  const double most = std::numeric_limits<double>::max();
  for (const std::int64_t n : {2, 6, 250}) {
    const Matrix matrix = fill(n, [&](std::int64_t i, std::int64_t j) {
      const double one = std::uniform_real_distribution<double>(-1, 0)(random);
      return i == j ? most / 1024 : most * one;
    });
    const Assignment found = solve_assignment(matrix, n);
    EXPECT_TRUE(std::isfinite(found.objective));
    for (std::int64_t i = 0; i < n; ++i) EXPECT_EQ(found.indices[static_cast<std::size_t>(i)], i);
  }
}

TEST(Assignment, FindsAPlantedPermutation) {
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal;
  const std::int64_t n = 400;
  std::vector<std::int64_t> planted(static_cast<std::size_t>(n));
  std::iota(planted.begin(), planted.end(), 0);
  std::shuffle(planted.begin(), planted.end(), random);
  const Matrix matrix = fill(n, [&](std::int64_t i, std::int64_t j) {
    return 0.05 * normal(random) + (planted[static_cast<std::size_t>(i)] == j ? 0.9 : 0.0);
  });
  EXPECT_EQ(solve_assignment(matrix, n).indices, planted);
}

TEST(Assignment, RefusesWhatIsNoNumber) {
  for (const std::int64_t n : {3, 40, 300}) {
    for (const double bad : {std::nan(""), infinity}) {
      for (const std::int64_t at : {std::int64_t{0}, n * n / 2, n * n - 1}) {
        Matrix matrix(static_cast<std::size_t>(n * n), 0.5);
        matrix[static_cast<std::size_t>(at)] = bad;
        EXPECT_THAT(error_of(matrix, n), testing::HasSubstr("row " + std::to_string(at / n) +
                                                            ", column " + std::to_string(at % n)));
      }
    }
  }
}

TEST(Assignment, RefusesTheInfeasible) {
  for (const std::int64_t n : {1, 3, 64, 300}) {
    const auto expect_infeasible = [n](const Entry& entry) {
      EXPECT_THAT(error_of(fill(n, entry), n), testing::HasSubstr("forbidden"));
    };
    expect_infeasible([](auto, auto) { return -infinity; });
    expect_infeasible([n](auto i, auto) { return i == n - 1 ? -infinity : 1.0; });
    expect_infeasible([](auto, auto j) { return j == 0 ? -infinity : 1.0; });
    // Rows that compete for too few columns (Hall's condition).
    expect_infeasible([n](auto i, auto j) {
      return i <= n / 2 && j >= n / 2 ? -infinity : std::sin(static_cast<double>(i * n + j));
    });
  }
}

TEST(Assignment, RefusesAnotherSize) {
  EXPECT_THAT(error_of(Matrix(5), 2), testing::HasSubstr("found 5 values"));
  EXPECT_THROW(solve_assignment(Matrix(4), -2), Error);
}

TEST(OptimalityGap, SeesAWorseMatching) {
  const Matrix matrix = {3, 1, 1, 3};
  Assignment found = solve_assignment(matrix, 2);
  EXPECT_EQ(optimality_gap(matrix, found), 0);
  std::swap(found.indices[0], found.indices[1]);
  EXPECT_GE(optimality_gap(matrix, found), 1);
  found = solve_assignment(matrix, 2);
  found.column_duals[1] = std::nan("");
  EXPECT_EQ(optimality_gap(matrix, found), infinity);
  found.indices = {0, 0};
  EXPECT_THROW(optimality_gap(matrix, found), Error);
  found.indices = {0, 2};
  EXPECT_THROW(optimality_gap(matrix, found), Error);
  found.indices = {0};
  EXPECT_THROW(optimality_gap(matrix, found), Error);
}

}  // namespace
}  // namespace braid
