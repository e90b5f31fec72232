// The hot loops over one row of an assignment problem, vectorised for the processor at run time.
// `row` and `price` hold n values; a column's profit is row[j] - price[j].
#pragma once

#include <cstdint>
#include <limits>

namespace braid {

inline constexpr double infinity = std::numeric_limits<double>::infinity();

// Columns per chunk; a row is n / row_chunk full chunks, then a tail.
inline constexpr std::int64_t row_chunk = 32;

struct Inspection {
  bool valid = true;   // no NaN, no +infinity
  double largest = 0;  // of the finite |values|
};

struct Best {
  double first = -infinity;
  double second = -infinity;
  std::int32_t column = 0;
};

// Updates `inspection` with one row.
void inspect_row(const double* row, std::int64_t n, Inspection& inspection);

// The largest profit in each fourth (every 4th column) of each full chunk, 4 * (n / row_chunk)
// values, then that of the tail 4 times; `maxima` holds n / 8 + 4.
void find_maxima(const double* row, const double* price, std::int64_t n, double* maxima);

// The two largest profits (equal ones count twice) and the column of the largest.
Best find_best(const double* row, const double* price, std::int64_t n);

// Lowers distance[j] to base - (row[j] - price[j]) where that is less, storing `index` in
// reached[j]; returns the smallest distance. Columns with price and distance +infinity are skipped.
double relax_row(const double* row, const double* price, double base, std::int64_t n, double index,
                 double* distance, double* reached);

// Writes the columns j with row[j] - price[j] > least; returns their number. `columns` holds n.
std::int64_t find_above(const double* row, const double* price, double least, std::int64_t n,
                        std::int32_t* columns);

// Writes the columns whose distance is at most `most`; returns their number. `columns` holds n.
std::int64_t find_at_most(const double* distance, double most, std::int64_t n,
                          std::int32_t* columns);

}  // namespace braid
