#include "braid/alignment/bfloat16_products.h"

#include <algorithm>
#include <array>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace braid {
namespace {

#if defined(__x86_64__)

constexpr std::int64_t tile_rows = 8, tile_columns = 48;  // 24 of the 32 vector registers
using Tile = std::array<float, tile_rows * tile_columns>;

// Packs units [first, first + width) as pairs of tokens, (pairs, width), zero-padded: one pair is
// one lane of the dot product.
void pack(const at::Tensor& features, std::int64_t first, std::int64_t width,
          std::uint32_t* packed) {
  const std::int64_t tokens = features.size(0), stride = features.stride(0);
  const std::int64_t units = std::min(width, features.size(1) - first);
  const auto* bits =
      reinterpret_cast<const std::uint16_t*>(features.const_data_ptr<at::BFloat16>()) + first;
  for (std::int64_t t = 0; t < tokens; t += 2, packed += width) {
    const std::uint16_t* low = bits + t * stride;
    const bool paired = t + 1 < tokens;
    const std::uint16_t* high = paired ? low + stride : low;
    const std::uint32_t mask = paired ? 0xFFFF0000U : 0;
    for (std::int64_t i = 0; i < units; ++i) {
      packed[i] = low[i] | ((static_cast<std::uint32_t>(high[i]) << 16) & mask);
    }
    std::fill(packed + units, packed + width, 0U);
  }
}

__attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16"))) void multiply(
    const std::uint32_t* a, const std::uint32_t* b, std::int64_t pairs, Tile& tile) {
  constexpr std::int64_t vectors = tile_columns / 16;
  __m512 sums[tile_rows][vectors];
  for (auto& row : sums) std::fill(row, row + vectors, _mm512_setzero_ps());
  for (std::int64_t k = 0; k < pairs; ++k, a += tile_rows, b += tile_columns) {
    __m512bh columns[vectors];
    for (std::int64_t v = 0; v < vectors; ++v) {
      columns[v] = reinterpret_cast<__m512bh>(_mm512_loadu_si512(b + 16 * v));
    }
    for (std::int64_t r = 0; r < tile_rows; ++r) {
      const auto unit = reinterpret_cast<__m512bh>(_mm512_set1_epi32(static_cast<int>(a[r])));
      for (std::int64_t v = 0; v < vectors; ++v) {
        sums[r][v] = _mm512_dpbf16_ps(sums[r][v], unit, columns[v]);
      }
    }
  }
  for (std::int64_t r = 0; r < tile_rows; ++r) {
    for (std::int64_t v = 0; v < vectors; ++v) {
      _mm512_storeu_ps(tile.data() + r * tile_columns + 16 * v, sums[r][v]);
    }
  }
}

void add_packed_products(const at::Tensor& a, const at::Tensor& b, at::Tensor& rows) {
  const std::int64_t pairs = (a.size(0) + 1) / 2, m = a.size(1), n = b.size(1);
  const std::int64_t row_tiles = (m + tile_rows - 1) / tile_rows;
  std::vector<std::uint32_t> packed_a(static_cast<std::size_t>(row_tiles * tile_rows * pairs));
  std::vector<std::uint32_t> packed_b(static_cast<std::size_t>(tile_columns * pairs));
  for (std::int64_t i = 0; i < row_tiles; ++i) {
    pack(a, i * tile_rows, tile_rows, packed_a.data() + i * tile_rows * pairs);
  }
  Tile tile;
  for (std::int64_t column = 0; column < n; column += tile_columns) {
    pack(b, column, tile_columns, packed_b.data());
    const std::int64_t columns = std::min(tile_columns, n - column);
    for (std::int64_t i = 0; i < row_tiles; ++i) {
      multiply(packed_a.data() + i * tile_rows * pairs, packed_b.data(), pairs, tile);
      for (std::int64_t r = 0; r < std::min(tile_rows, m - i * tile_rows); ++r) {
        double* row = rows.data_ptr<double>() + (i * tile_rows + r) * rows.stride(0) + column;
        for (std::int64_t j = 0; j < columns; ++j) row[j] += tile[r * tile_columns + j];
      }
    }
  }
}

#endif

}  // namespace

void add_products(const at::Tensor& a, const at::Tensor& b, at::Tensor& rows) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512bw")) {
    return add_packed_products(a, b, rows);
  }
#endif
  rows.add_(at::mm(a.to(at::kFloat).t(), b.to(at::kFloat)));
}

}  // namespace braid
